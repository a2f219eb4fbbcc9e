"""`impasto train`: make anew what the package bundles."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from impasto.cli.options import INTERRUPTED, flag
from impasto.cli.weights import announce
from impasto.training.options import (
    AnyStyleOptions,
    EncoderOptions,
    OptionsT,
    StyleOptions,
    TrainingOptions,
)
from impasto.weights import fetch

if TYPE_CHECKING:
    from impasto.training.trainer import Trainer

#: Options of trainings that learn from photographs and paintings.
BothT = TypeVar("BothT", EncoderOptions, AnyStyleOptions)
app = typer.Typer(help="Train the networks that come with impasto.", no_args_is_help=True)


def _with_options(
    kind: type[OptionsT],
) -> Callable[[Callable[[OptionsT], None]], Callable[..., None]]:
    """Give a command the fields of a kind of options as options."""

    def decorate(command: Callable[[OptionsT], None]) -> Callable[..., None]:
        def wrapped(**values: Any) -> None:  # noqa: ANN401
            command(kind(**values))

        parameters = [
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if "argument" in each.metadata else each.default,
                annotation=Annotated[type(each.default), _parameter(each)],
            )
            for each in sorted(fields(kind), key=lambda each: "argument" not in each.metadata)
        ]
        wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
        wrapped.__doc__ = command.__doc__
        return wrapped

    return decorate


def _parameter(each: Field[Any]) -> object:
    """Return how an option is given on the command line."""
    if "argument" in each.metadata:
        return typer.Argument(help=each.metadata["help"], show_default=False)
    flags = [flag(each.name), *([each.metadata["short"]] if "short" in each.metadata else [])]
    return typer.Option(*flags, help=each.metadata["help"])


@app.command("encoder")
@_with_options(EncoderOptions)
def encoder(options: EncoderOptions) -> None:
    """Distill VGG-19 into the pocket encoder; the same command resumes it where it stopped.

    Example: impasto train encoder --photos photos --paintings paintings --output run
    """
    from impasto.training.encoder import EncoderTrainer

    _train(options, EncoderTrainer)


@app.command("any-style")
@_with_options(AnyStyleOptions)
def any_style(options: AnyStyleOptions) -> None:
    """Train the any-style network of method fast; the same command resumes it where it stopped.

    Example: impasto train any-style --photos photos --paintings paintings --reading 3000
    """
    from impasto.training.any_style import AnyStyleTrainer

    _train(options, AnyStyleTrainer)


@app.command("style")
@_with_options(StyleOptions)
def style(options: StyleOptions) -> None:
    """Fit the any-style network to one painting; the same command resumes it where it stopped.

    Example: impasto train style painting.jpg -o painting.onnx
    """
    from impasto.cli.progress import tuning
    from impasto.fast.tuned import fitted
    from impasto.gallery.names import find_style
    from impasto.images import open_picture
    from impasto.training.crops import picture_paths, sample_photos
    from impasto.training.style import PREVIEW, check_output

    check_output(options)
    options = replace(options, painting=str(find_style(options.painting)))
    open_picture(options.painting, max_size=64)  # before anything is downloaded
    if options.photos:
        picture_paths(Path(options.photos), options.folder)
    else:
        sample_photos()
    with _stopping(options):
        print(f"see {options.folder / PREVIEW}, and log.csv beside it", file=sys.stderr)
        with tuning(Path(options.painting).stem, options.minutes) as show:
            for minutes, line in fitted(vars(options)):
                show(minutes)
                if line:
                    print(line, flush=True)
        print(options.output)


def _train(options: BothT, trainer_type: type[Trainer[BothT]]) -> None:
    """Run a training, print its log and in the end where its product is."""
    from impasto.training.crops import picture_paths
    from impasto.training.loop import described, train

    for folder in (options.photos, options.paintings):
        picture_paths(Path(folder))  # before anything is downloaded
    with _stopping(options):
        for row in train(trainer_type, options):
            print(described(row), flush=True)
    print(options.folder / trainer_type.product)


@contextmanager
def _stopping(options: TrainingOptions) -> Iterator[None]:
    """Have VGG-19 at hand; make Ctrl-C one line and the usual exit status."""
    try:
        if not options.teacher:
            fetch("vgg19", on_download=announce)
        yield
    except KeyboardInterrupt:
        print("stopped: the same command resumes at the last report", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
