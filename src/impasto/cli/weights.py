"""`impasto weights`, `train` and `export`: files of trained parameters, found and made anew."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from impasto.cli.options import argument, one_of, own, stopping, with_options
from impasto.cli.terminal import announce, echo, say
from impasto.files import sha256_of
from impasto.training.options import AnyStyleOptions, EncoderOptions, StyleOptions
from impasto.weights.catalogue import CATALOGUE, WeightsFile, files_named
from impasto.weights.downloading import hash_matches
from impasto.weights.fetching import copies, find, given_file, missing, show_downloads
from impasto.weights.fetching import fetch as fetch_weights
from impasto.weights.folders import search_folders

app = typer.Typer(help="Trained parameters: list, download and check them.", no_args_is_help=True)

_names = one_of(*CATALOGUE)
_RESULTS = {True: "ok", False: "wrong", None: "no published hash"}


@app.command("list")
def list_files() -> None:
    """List the known files, with their size, license, purpose and place on this machine."""
    rows = []
    for file in CATALOGUE.values():
        absent = "not here; downloaded when needed" if file.url else "not here"
        place = str(find(file.name) or absent)
        rows.append((file.name, file.size, file.license, file.purpose, place))
    _print_table(("NAME", "SIZE", "LICENSE", "PURPOSE", "WHERE"), rows)


@app.command()
def fetch(
    name: str = argument(..., "A name of `impasto weights list`, or vgg19.", autocompletion=_names),
) -> None:
    """Make sure that a file is on this machine; download it if need be."""
    show_downloads(announce)
    echo(fetch_weights(name))


@app.command()
def where() -> None:
    """List the folders that are looked in, in order."""
    rows = []
    for position, folder in enumerate(search_folders(), start=1):
        # Path.is_dir() raises for names that are too long.
        state = "exists" if os.path.isdir(folder.path) else "missing"  # noqa: PTH112
        rows.append((str(position), folder.reason, state, str(folder.path)))
    _print_table(("ORDER", "REASON", "STATE", "FOLDER"), rows)


@app.command()
def verify(
    name: str | None = argument(None, "One name or file; without it, all.", autocompletion=_names),
) -> None:
    """Compare the files on this machine with the published hashes."""
    found = list(_to_verify(name))
    if name is not None and not found:
        raise missing(name)
    rows = []
    for file, path in found:
        result = _RESULTS[hash_matches(file, path) if file else None]
        rows.append((path.name, result, sha256_of(path), str(path.parent)))
    _print_table(("FILE", "RESULT", "SHA256", "FOLDER"), rows)
    if any(result == _RESULTS[False] for _, result, *_ in rows):
        raise typer.Exit(1)


def _to_verify(name: str | None) -> Iterator[tuple[WeightsFile | None, Path]]:
    if name is not None and (path := given_file(name)):
        yield next((file for file in CATALOGUE.values() if file.filename == path.name), None), path
        return
    known = CATALOGUE.values() if name is None else files_named(name)
    # Several names may share a file.
    yield from {path: (file, path) for _, file, path in copies(*known)}.values()


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # Not a rich table: paths and hashes must not be cut to the width of the terminal.
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        echo("  ".join(cells).rstrip())


if TYPE_CHECKING:
    from impasto.training.trainer import Trainer

train_app = typer.Typer(help="Train the networks that come with impasto.", no_args_is_help=True)


@train_app.command("encoder")
@partial(with_options, owner=EncoderOptions)
def encoder(options: EncoderOptions) -> None:
    """Distill VGG-19 into the pocket encoder; the same command resumes it where it stopped.

    Example: impasto train encoder --photos photos --paintings paintings --output run
    """
    from impasto.training.encoder import EncoderTrainer

    _train(options, EncoderTrainer)


@train_app.command("any-style")
@partial(with_options, owner=AnyStyleOptions)
def any_style(options: AnyStyleOptions) -> None:
    """Train the any-style network of method fast; the same command resumes it where it stopped.

    Example: impasto train any-style --photos photos --paintings paintings
    """
    from impasto.training.any_style import AnyStyleTrainer

    _train(options, AnyStyleTrainer)


@train_app.command("style")
@partial(with_options, owner=StyleOptions)
def style(options: StyleOptions) -> None:
    """Fit the any-style network to one painting; the same command resumes it where it stopped.

    Example: impasto train style painting.jpg -o painting.onnx
    """
    from impasto.cli.painting import tuning
    from impasto.fast.tuned import fitted
    from impasto.gallery.names import find_style
    from impasto.images import open_picture
    from impasto.training.crops import picture_paths, sample_photos
    from impasto.training.style import PREVIEW, check_output

    check_output(options)
    options = replace(options, painting=str(find_style(options.painting)))
    open_picture(options.painting, max_size=64)
    if options.photos:
        picture_paths(Path(options.photos), options.folder)
    else:
        sample_photos()
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


def _train(options: EncoderOptions | AnyStyleOptions, trainer_type: "type[Trainer[Any]]") -> None:
    from impasto.cli.painting import Bar
    from impasto.training.crops import picture_paths
    from impasto.training.loop import described, train

    for folder in (options.photos, options.paintings):
        picture_paths(Path(folder))  # before anything is downloaded
    if isinstance(options, EncoderOptions) and not options.teacher:
        fetch_weights("vgg19")
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
