"""`impasto train` and `impasto export`: make anew what the package bundles."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from impasto.cli.options import argument, flag, keyword, own, say, stopping, with_parameters
from impasto.cli.terminal import echo
from impasto.training.options import AnyStyleOptions, EncoderOptions, OptionsT, StyleOptions
from impasto.weights import fetch

if TYPE_CHECKING:
    from impasto.training.trainer import Trainer

app = typer.Typer(help="Train the networks that come with impasto.", no_args_is_help=True)


def _command(
    name: str, kind: type[OptionsT]
) -> Callable[[Callable[[OptionsT], None]], Callable[..., None]]:
    """Return what makes a command of a function that takes one kind of options."""

    def decorate(command: Callable[[OptionsT], None]) -> Callable[..., None]:
        ordered = sorted(fields(kind), key=lambda each: "argument" not in each.metadata)
        parameters = list(map(_declared, ordered))
        called = with_parameters(command, parameters, lambda **values: command(kind(**values)))
        return app.command(name)(called)

    return decorate


def _declared(each: Field[Any]) -> inspect.Parameter:
    """Return how an option of a training is given on the command line."""
    rules, kind = each.metadata, type(each.default)
    if "argument" in rules:
        shown = typer.Argument(help=rules["help"], show_default=False)
        return keyword(each.name, kind, shown, inspect.Parameter.empty)
    flags = [flag(each.name), *([rules["short"]] if "short" in rules else [])]
    return keyword(each.name, kind, typer.Option(*flags, help=rules["help"]), each.default)


@_command("encoder", EncoderOptions)
def encoder(options: EncoderOptions) -> None:
    """Distill VGG-19 into the pocket encoder; the same command resumes it where it stopped.

    Example: impasto train encoder --photos photos --paintings paintings --output run
    """
    from impasto.training.encoder import EncoderTrainer

    _train(options, EncoderTrainer)


@_command("any-style", AnyStyleOptions)
def any_style(options: AnyStyleOptions) -> None:
    """Train the any-style network of method fast; the same command resumes it where it stopped.

    Example: impasto train any-style --photos photos --paintings paintings --reading 3000
    """
    from impasto.training.any_style import AnyStyleTrainer

    _train(options, AnyStyleTrainer)


@_command("style", StyleOptions)
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
    if not options.teacher:
        fetch("vgg19")
    with stopping(lambda: _stopped(Path(options.output))):
        echo(f"see {options.folder / PREVIEW}, and log.csv beside it", file=sys.stderr)
        with tuning(Path(options.painting).stem, options.minutes) as show:
            for minutes, line in fitted(vars(options)):
                show(minutes)
                if line:
                    echo(line)
        echo(options.output)


def _stopped(product: Path) -> str:
    if not product.is_file():
        return "stopped before the first report: nothing is there yet"
    return f"stopped: {product} is the network so far; the same command continues it"


def _train(options: EncoderOptions | AnyStyleOptions, trainer_type: type[Trainer[Any]]) -> None:
    """Run a training, print its log and in the end where its product is."""
    from impasto.cli.progress import Bar
    from impasto.training.crops import picture_paths
    from impasto.training.loop import described, train

    for folder in (options.photos, options.paintings):
        picture_paths(Path(folder))  # before anything is downloaded
    if not options.teacher:
        fetch("vgg19")
    product = options.folder / trainer_type.product
    over = None
    with stopping(lambda: _stopped(product)):
        with Bar("training", "{task.percentage:.0f} %", 1.0) as bar:
            for over, row in train(trainer_type, options):
                bar.show(over)
                if row:
                    echo(described(row))
        if over is None:
            say("the training is finished: nothing is left to do; more --steps need another output")
        echo(product)


def export(
    trained: Path = argument(..., "The .safetensors file of a training."),
    output: Path = own(Path(), "Folder for two files, or the file of one style.", "--output", "-o"),
) -> None:
    """Write any_style.onnx and style_reader.onnx, or the one file of one style, from a training.

    Example: impasto export run/any_style.safetensors -o networks
    """
    from impasto.training.export import export as exported

    for path in exported(trained, output):
        echo(path)
