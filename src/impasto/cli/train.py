"""`impasto train`: make anew what the package bundles."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from impasto.cli.options import INTERRUPTED, flag
from impasto.cli.weights import announce
from impasto.training.options import EncoderOptions, FastOptions, TrainingOptions
from impasto.weights import fetch

OptionsT = TypeVar("OptionsT", bound=TrainingOptions)
app = typer.Typer(help="Train the networks that come with impasto.", no_args_is_help=True)


def _with_options(
    kind: type[OptionsT],
) -> Callable[[Callable[[OptionsT], None]], Callable[..., None]]:
    """Give a command the fields of a kind of options as options."""

    def decorate(command: Callable[[OptionsT], None]) -> Callable[..., None]:
        return _wrapped(command, kind)

    return decorate


def _wrapped(command: Callable[[OptionsT], None], kind: type[OptionsT]) -> Callable[..., None]:
    def wrapped(**values: Any) -> None:  # noqa: ANN401
        command(kind(**values))

    parameters = [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=Annotated[
                type(each.default), typer.Option(flag(each.name), help=each.metadata["help"])
            ],
        )
        for each in fields(kind)
    ]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    wrapped.__doc__ = command.__doc__
    return wrapped


@app.command("encoder")
@_with_options(EncoderOptions)
def encoder(options: EncoderOptions) -> None:
    """Distill VGG-19 into the pocket encoder; started again, it goes on where it stopped.

    Example: impasto train encoder --photos photos --paintings paintings --output run
    """
    from impasto.training.encoder import POCKET, train

    _train(options, train, POCKET)


@app.command("fast")
@_with_options(FastOptions)
def fast(options: FastOptions) -> None:
    """Train the any-style network of method fast; started again, it goes on where it stopped.

    Example: impasto train fast --photos photos --paintings paintings --output run
    """
    from impasto.training.fast import PAINTER, train

    _train(options, train, PAINTER)


def _train(
    options: OptionsT, training: Callable[[OptionsT], Iterator[Mapping[str, float]]], product: str
) -> None:
    """Go through a training, print its log and in the end where its product is."""
    from impasto.training.crops import picture_paths
    from impasto.training.runs import described

    for folder in (options.photos, options.paintings):
        picture_paths(Path(folder))  # before anything is downloaded
    if not options.teacher:
        fetch("vgg19", on_download=announce)
    try:
        for line in training(options):
            print(described(line), flush=True)
    except KeyboardInterrupt:
        print("stopped: the same command goes on from the last report", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    print(Path(options.output) / product)
