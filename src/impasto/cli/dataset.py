"""`impasto dataset`: a data set in many styles."""

import sys
from functools import partial
from typing import Any

from impasto.cli import completion
from impasto.cli.options import (
    Quiet,
    argument,
    own,
    stopping,
    style_pictures,
    with_settings,
)
from impasto.cli.terminal import echo
from impasto.errors import ImageError, SettingsError


@partial(with_settings, without=("strength",))  # which is a range here
def dataset(
    source: str = argument(
        ..., "The data set: a folder, one of .tar shards, or an address.", metavar="IN_FOLDER"
    ),
    styles: list[str] = style_pictures(...),
    *,
    output: str = own(..., "Folder or address of the results.", "--output", "-o", metavar="FOLDER"),
    copies: int = own(1, "Results of each picture."),
    strengths: str = own(
        "1",
        "Strength of each result, drawn from A to B.",
        *("--strengths", "--strength"),
        metavar="A..B",
    ),
    also: list[str] | None = own(
        None, "Folder in the data set that is copied as it is.", metavar="FOLDER", more=True
    ),
    skip: list[str] | None = own(
        None, "What is copied as it is: *_mask.png, folders.", metavar="PATTERN", more=True
    ),
    paint_all: bool = own(False, "Paint label maps too.", "--paint-all", more=True),
    follow_links: bool = own(
        False, "Follow links that lead out of the folder.", "--follow-links", more=True
    ),
    max_bytes: str = own(
        "4GiB", "The largest file, or what is packed in one.", metavar="SIZE", more=True
    ),
    balance: bool = own(False, "Give rare classes (folders) more copies.", "--balance", more=True),
    split: list[str] | None = own(
        None,
        "Folder at the top, or beginning of shards' names, with a part of the styles: val=0.2.",
        metavar="NAME=PART",
        more=True,
    ),
    jpeg_quality: int = own(95, "Of JPEG, WebP and AVIF results.", more=True),
    engine: str = own(
        "local",
        "What runs the workers; ray: many machines.",
        metavar="local|ray",
        more=True,
        autocompletion=completion.one_of("local", "ray"),
    ),
    address: str | None = own(None, "Of the Ray cluster.", metavar="HOST:PORT", more=True),
    workers: int | None = own(None, "Processes. \\[one a core]", min=1, more=True),
    quiet: Quiet = False,
    options: dict[str, Any],
) -> None:
    """Paint a data set: the same tree of files, every picture in a random style.

    Label maps (masks, classes, depth), boxes and everything else are copied; sizes, gray and 16
    bits stay. A picture's style, strength and seed follow from its path and --seed. Run again, it
    resumes where it stopped.

    Example: impasto dataset photos paintings -o stylized --copies 2
    """
    from impasto.cli.options import say
    from impasto.cli.painting import prepare
    from impasto.cli.progress import counted
    from impasto.dataset import Dataset, DatasetOptions
    from impasto.dataset.engines import open_engine
    from impasto.dataset.running import dataset_settings
    from impasto.machine import parse_size
    from impasto.stylizers import fetch_weights

    settings = dataset_settings(**options)
    chosen = DatasetOptions(
        settings=settings,
        copies=copies,
        strength=_range(strengths),
        seed=settings.seed,
        also=tuple(also or ()),
        skip=tuple(skip or ()),
        paint_all=paint_all,
        follow_links=follow_links,
        max_bytes=int(parse_size(max_bytes)),
        balance=balance,
        splits=dict(map(_split, split or ())),
        quality=jpeg_quality,
    )
    runner = open_engine(engine, address)
    prepare(settings, quiet)
    fetch_weights(settings)  # once, not in each worker
    work = Dataset(source, styles, output, chosen)
    for line in work.left_out:
        say(line)
    made = work.journal.rows
    if made and not len(work.left):
        say("all files are there from an earlier run: nothing is left to do", quiet)
    with stopping(lambda: f"stopped: {len(made)} files are done; the same command continues"):
        for _ in counted(work.run(runner, workers), len(work.left), quiet):
            pass
    names, failed = work.finish()
    files = [row for row in failed if row.path]
    maps = work.maps()
    copied = f", of which {maps} are label maps, copied (--paint-all paints them)" if maps else ""
    echo(f"{len(made)} files{copied}, {len(files)} failed", file=sys.stderr)
    for name in names:
        echo(f"{output.rstrip('/')}/{name}")
    for row in files[:20]:
        echo(f"  {row.source}: {row.error}", file=sys.stderr)
    if files:
        raise ImageError(f"{len(files)} files failed: the manifest says which and why")
    if failed:
        raise ImageError(f"{len(failed)} styles were left out: see above")


def _range(text: str) -> tuple[float, float]:
    low, _, high = text.partition("..")
    try:
        return float(low), float(high or low)
    except ValueError as error:
        raise SettingsError(f"strengths are written as 0.5..1, not {text}") from error


def _split(text: str) -> tuple[str, float]:
    name, _, part = text.partition("=")
    try:
        return name, float(part)
    except ValueError as error:
        raise SettingsError(f"a split is written as val=0.2, not {text}") from error
