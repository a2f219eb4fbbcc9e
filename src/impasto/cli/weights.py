"""``impasto weights``: which files of trained parameters there are, and where."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from impasto.cli.options import argument, one_of
from impasto.cli.terminal import echo
from impasto.files import sha256_of
from impasto.weights.catalogue import CATALOGUE, WeightsFile, files_named
from impasto.weights.downloading import hash_matches
from impasto.weights.fetching import copies, find, given_file, missing, show_downloads
from impasto.weights.fetching import fetch as fetch_weights
from impasto.weights.folders import search_folders

app = typer.Typer(help="Trained parameters: list, download and check them.", no_args_is_help=True)

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
    name: str = argument(
        ..., "A name of `impasto weights list`, or vgg19.", autocompletion=one_of(*CATALOGUE)
    ),
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
    name: str | None = argument(
        None, "One name or file; without it, all.", autocompletion=one_of(*CATALOGUE)
    ),
) -> None:
    """Compare the files on this machine with the published hashes."""
    found = list(_to_verify(name))
    if name is not None and not found:
        raise missing(name)
    rows, sound = [], True
    for file, path in found:
        result = hash_matches(file, path) if file else None
        sound = sound and result is not False
        rows.append((path.name, _RESULTS[result], sha256_of(path), str(path.parent)))
    _print_table(("FILE", "RESULT", "SHA256", "FOLDER"), rows)
    if not sound:
        raise typer.Exit(1)


def _to_verify(name: str | None) -> Iterator[tuple[WeightsFile | None, Path]]:
    if name is not None and (path := given_file(name)):
        yield next((file for file in CATALOGUE.values() if file.filename == path.name), None), path
        return
    known = CATALOGUE.values() if name is None else files_named(name)
    # Several names may share a file.
    yield from {path: (file, path) for _, file, path in copies(*known)}.values()


def announce(file: WeightsFile, target: Path) -> None:
    """Say what is about to be downloaded."""
    echo(
        f"downloading {file.filename}: {file.size}, {file.license}, from {file.source}, {file.url}",
        file=sys.stderr,
    )


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # Not a rich table: paths and hashes must not be cut to the width of the terminal.
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        echo("  ".join(cells).rstrip())
