"""`impasto dataset`: a data set in many styles."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.options import INTERRUPTED, interruptible, with_fields
from impasto.errors import ImageError, SettingsError
from impasto.settings import FIELDS, TYPES

if TYPE_CHECKING:
    from impasto.dataset import Dataset
    from impasto.dataset.painting import StyleFile
    from impasto.settings import Settings

#: Strength is a range here.
_SETTINGS = {name: each for name, each in FIELDS.items() if name != "strength"}


@interruptible
@with_fields(_SETTINGS, TYPES)
def dataset(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN_FOLDER", help="The data set: a folder, one of .tar shards, or an address."
        ),
    ],
    styles: Annotated[
        list[str],
        typer.Argument(metavar="STYLE...", help="Pictures to paint like: files, folders, names."),
    ],
    *,
    output: Annotated[str, typer.Option("--output", "-o", help="Where results go.")],
    copies: Annotated[int, typer.Option(help="Results of each picture.")] = 1,
    strengths: Annotated[
        str,
        typer.Option(
            "--strengths",
            "--strength",
            help="Strength of each result: between these, by chance.",
            metavar="A..B",
        ),
    ] = "1",
    also: Annotated[
        list[str] | None,
        typer.Option(help="Folder in the data set that is copied as it is.", metavar="FOLDER"),
    ] = None,
    balance: Annotated[
        bool, typer.Option("--balance", help="Give rare classes (folders) more copies.")
    ] = False,
    split: Annotated[
        list[str] | None,
        typer.Option(
            help="Top folder, or beginning of shards' names, with styles of its own, and their "
            "part: val=0.2.",
            metavar="NAME=PART",
        ),
    ] = None,
    jpeg_quality: Annotated[int, typer.Option(help="Of JPEG, WebP and AVIF results.")] = 95,
    engine: Annotated[str, typer.Option(help="local, or ray: many machines.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="Of the Ray cluster.", metavar="HOST:PORT")
    ] = None,
    workers: Annotated[int | None, typer.Option(help=r"Processes. \[one a core]", min=1)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the report only.")] = False,
    options: dict[str, Any],
) -> None:
    """Paint a data set: the same tree of files, every picture in a style by chance.

    Labels, masks, boxes and all else is copied; sizes, gray and 16 bits stay. A picture's
    style, strength and seed follow from its path and --seed. Started again it goes on where it
    stopped.

    Example: impasto dataset photos paintings -o stylized --copies 2 --strengths 0.5..1
    """
    from impasto.cli.painting import download_weights
    from impasto.cli.progress import counting
    from impasto.dataset import Dataset, DatasetOptions

    settings = _settings(options)
    chosen = DatasetOptions(
        settings=settings,
        copies=copies,
        strength=_range(strengths),
        seed=settings.seed,
        also=tuple(also or ()),
        balance=balance,
        splits=dict(_split(each) for each in split or ()),
        quality=jpeg_quality,
    )
    download_weights(settings, quiet, lambda: None)
    looks = _styles(styles, settings)
    work = Dataset(source, looks, output, chosen)
    try:
        with counting(len(work.left), quiet) as count:
            for _ in work.run(_engine(engine, address), workers):
                count()
    except KeyboardInterrupt:
        made = len(work.journal.rows)
        print(f"stopped: {made} files are there; the same command goes on", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    _report(work, output)


def _report(work: "Dataset", output: str) -> None:
    names, failed = work.finish()
    print(f"{len(work.journal.rows)} files, {len(failed)} failed", file=sys.stderr)
    for name in names:
        print(f"{output.rstrip('/')}/{name}")
    for row in failed[:20]:
        print(f"  {row.source}: {row.error}", file=sys.stderr)
    if failed:
        raise ImageError(f"{len(failed)} files failed: the manifest says which and why")


def _settings(options: dict[str, Any]) -> "Settings":
    from impasto.settings import Settings

    if "size" in options:
        raise SettingsError("size is each picture's own in a data set: leave it out")
    settings = Settings.from_dict({"method": "fast", **options})
    if settings.row.one_style:
        raise SettingsError("a data set needs a method that takes style pictures")
    return settings


def _styles(named: Sequence[str], settings: "Settings") -> "list[Path | StyleFile]":
    from impasto.batch import find_pictures
    from impasto.dataset.painting import StyleFile, source_of
    from impasto.dataset.stores import open_store
    from impasto.fast.tuned import find_styles, is_network
    from impasto.images import is_picture_name, open_picture

    far = [each for each in named if "://" in each]
    near = find_pictures(
        str(look) for each in named if each not in far for look in find_styles(each, settings)
    )
    styles: list[Path | StyleFile] = [*near]
    for address in far:
        store = open_store(address)
        paths = [path for path in store.files() if is_picture_name(path)]
        styles += [StyleFile(path.rpartition("/")[2], store.read(path)) for path in paths]
    for style in styles:
        if not is_network(source_of(style)):
            open_picture(source_of(style), max_size=64)
    return styles


def _engine(name: str, address: str | None) -> Any:  # noqa: ANN401
    if name == "ray":
        from impasto.dataset.cluster import RayEngine

        return RayEngine(address)
    if name != "local":
        raise SettingsError(f"engine is local or ray; not {name}")
    from impasto.dataset.local import local

    return local


def _range(text: str) -> tuple[float, float]:
    low, _, high = text.partition("..")
    try:
        return float(low), float(high or low)
    except ValueError as error:
        raise SettingsError(f"strengths are as 0.5..1, not {text}") from error


def _split(text: str) -> tuple[str, float]:
    name, _, part = text.partition("=")
    try:
        return name, float(part)
    except ValueError as error:
        raise SettingsError(f"a split is as val=0.2, not {text}") from error
