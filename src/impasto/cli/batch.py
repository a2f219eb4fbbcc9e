"""`impasto batch`, `dataset` and `collect`: every content in every style, a data set, the web."""

import sys
from collections import Counter, defaultdict
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli.options import (
    Quiet,
    argument,
    more,
    own,
    stopping,
    style_names,
    style_pictures,
    with_options,
    with_settings,
)
from impasto.cli.terminal import echo, say
from impasto.collect.items import LOG, MANIFEST, CollectOptions
from impasto.errors import CollectError, ImageError, SettingsError

if TYPE_CHECKING:
    from impasto.batch import Outcome
    from impasto.dataset import Dataset


@with_settings
def batch(
    contents: list[str] = argument(..., "Pictures: files, folders, patterns. They come first."),
    *,
    styles: list[str] | None = own(
        None,
        "What to paint like: files, folders, patterns, names, up to the next option.",
        metavar="STYLE…",
        autocompletion=style_names,
    ),
    output: Path = own(..., "Folder for the results.", metavar="FOLDER"),
    form: str = own("jpg", "Of the results: jpg, png, webp, tif …", "--format", metavar="NAME"),
    workers: int | None = more(None, "Pictures at once. \\[by the cores and the method]", min=1),
    fresh: bool = own(False, "Make everything again, not only what is missing."),
    quiet: Quiet = False,
    options: dict[str, Any],
) -> None:
    """Paint every content in every style, into a folder with a sheet of all results.

    Run again, it makes only what is missing or has changed.

    Example: impasto batch photos -s paintings -o painted --method fast
    """
    from impasto.batch import Batch
    from impasto.batch.pairs import reason_of
    from impasto.cli.inputs import say_animations
    from impasto.cli.painting import counted, prepare
    from impasto.settings import Settings

    work = Batch(contents, styles or [], output, Settings(**options), form)
    say_animations(work.contents)
    prepare(work.settings, quiet)
    _ = work.opened_styles  # what is to be tuned is tuned now, before another bar is shown
    for error in work.bad.values():
        say(f"a style is left out: {reason_of(error)}")

    def stopped() -> str:
        # Those in progress were finished after the last outcome that was seen.
        made = sum((output / pair.name).is_file() for pair in work.pairs)
        return f"stopped: {made} of {len(work.pairs)} are there; the same command continues"

    with stopping(stopped):
        outcomes = list(counted(work.paint(workers, fresh=fresh), len(work.pairs), quiet))
        failed = _report(outcomes)
        for path in work.save_sheets(outcomes):
            echo(path)
    if failed:
        raise ImageError(f"{failed} of {len(outcomes)} pictures failed: see above")


def _report(outcomes: list["Outcome"]) -> int:
    failed = [each for each in outcomes if each.error is not None]
    again = sum(each.again for each in outcomes)
    kept = f", {again} were there already" if again else ""
    made = len(outcomes) - len(failed) - again
    echo(f"{made} painted{kept}, {len(failed)} failed", file=sys.stderr)
    reasons = defaultdict(list)
    for each in failed:
        reasons[each.error].append(each.pair.name)
    for error, names in reasons.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        echo(f"  {names[0]}{more}: {error}", file=sys.stderr)
    return len(failed)


# Strength is a range here, and sizes stay.
@partial(with_settings, without=("strength", "size"))
def dataset(
    source: str = argument(
        ..., "The data set: a folder, one of .tar shards, or an address.", metavar="IN_FOLDER"
    ),
    styles: list[str] = style_pictures(...),
    *,
    output: str = own(..., "Folder or address of the results.", metavar="FOLDER"),
    copies: int = own(1, "Results of each picture."),
    strengths: str = own(
        "1", "Strength of each, drawn from A to B.", "--strengths", "--strength", metavar="A..B"
    ),
    also: list[str] | None = more(None, "A folder that is copied as it is.", metavar="FOLDER"),
    skip: list[str] | None = more(None, "Copied as it is: *_mask.png, folders.", metavar="PATTERN"),
    paint_all: bool = more(False, "Paint label maps too."),
    follow_links: bool = more(False, "Follow links that lead out of the folder."),
    max_bytes: str = more("4GiB", "The largest file, or what is packed in one.", metavar="SIZE"),
    balance: bool = more(False, "Give rare classes (folders) more copies."),
    split: list[str] | None = more(
        None,
        "Folder at the top, or beginning of shards' names, with a part of the styles: val=0.2.",
        metavar="NAME=PART",
    ),
    jpeg_quality: int = more(95, "Of JPEG, WebP and AVIF results."),
    engine: str = more("local", "What runs the workers; ray: many machines.", metavar="local|ray"),
    address: str | None = more(None, "Of the Ray cluster.", metavar="HOST:PORT"),
    workers: int | None = more(None, "Processes. \\[one a core]", min=1),
    quiet: Quiet = False,
    options: dict[str, Any],
) -> None:
    """Paint a data set: the same tree of files, every picture in a random style.

    Label maps (masks, classes, depth), boxes and everything else are copied; sizes, gray and 16
    bits stay. A picture's style, strength and seed follow from its path and --seed. Run again, it
    resumes where it stopped.

    Example: impasto dataset photos paintings -o stylized --copies 2
    """
    from impasto.cli.painting import counted, prepare
    from impasto.dataset import Dataset, DatasetOptions
    from impasto.dataset.engines import open_engine
    from impasto.dataset.running import dataset_settings
    from impasto.machine import parse_size
    from impasto.stylizers import needed_weights
    from impasto.weights import fetch

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
    for name in needed_weights(settings):
        fetch(name)  # once, not in each worker
    work = Dataset(source, styles, output, chosen)
    for line in work.left_out:
        say(line)
    made = work.journal.rows
    if made and not len(work.left):
        say("all files are there from an earlier run: nothing is left to do", quiet)
    with stopping(lambda: f"stopped: {len(made)} files are done; the same command continues"):
        for _ in counted(work.run(runner, workers), len(work.left), quiet):
            pass
    _report_dataset(work, output)


def _report_dataset(work: "Dataset", output: str) -> None:
    """Print what was made and what failed; raise an `ImageError` if anything did."""
    names, failed = work.finish()
    files = [row for row in failed if row.path]
    maps = work.maps()
    copied = f", of which {maps} are label maps, copied (--paint-all paints them)" if maps else ""
    echo(f"{len(work.journal.rows)} files{copied}, {len(files)} failed", file=sys.stderr)
    echo(*(f"{output.rstrip('/')}/{name}" for name in names))
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


#: Reasons for a rejection, and how a summary names each.
REASONS: dict[str, str] = {
    "url": "not a web address",
    "address": "leads to a private address",
    "site": "leads to another site",
    "robots": "disallowed by robots.txt",
    "index": "excluded by a robots tag",
    "redirects": "too many redirects",
    "busy": "server stayed busy",
    "status": "server refused",
    "network": "no answer",
    "slow": "too slow",
    "bytes": "too many bytes",
    "content": "neither picture nor page",
    "broken": "broken",
    "pixels": "too many pixels",
    "type": "other type",
    "size": "other size",
    "aspect": "other aspect",
    "license": "other license",
    "duplicate": "duplicate",
    "near-duplicate": "near-duplicate",
    "pages": "beyond the limit of pages",
    "removed": "removed by hand",
}


@partial(with_options, owner=CollectOptions)
def collect(
    urls: list[str] | None = argument(None, "Pages with pictures, or pictures.", metavar="URL..."),
    *,
    output: Path = own(..., "Folder for the pictures.", metavar="FOLDER"),
    search: str | None = own(
        None, "Words to search an open collection for, instead of URLs.", metavar="WORDS"
    ),
    source: str = own("wikimedia", "The collection to search.", metavar="wikimedia|openverse|met"),
    api: str | None = own(None, "Another address of that API: another wiki's.", metavar="URL"),
    quiet: Quiet = False,
    options: CollectOptions,
) -> None:
    """Collect pictures from the web, with their sources, authors and licenses.

    The crawler obeys robots.txt, asks a host once a second and keeps each picture once.
    manifest.jsonl in the folder lists the pictures kept; log.jsonl lists what was left out, and
    why. The same command resumes a stopped run, or looks for new pictures.

    Example: impasto collect --search sunflowers --source met --limit 20 -o sunflowers
    """
    from impasto import collect as web
    from impasto.cli.painting import Bar

    if bool(urls) == (search is not None):
        raise SettingsError("give web addresses, or words to search for: --search WORDS")
    if search is None:
        items = web.collect(urls or [], output, options)
    else:
        items = web.search(search, source, output, options, api=api)
    counts: Counter[str] = Counter()
    left = "{task.completed} of at most {task.total} pictures"
    with (
        stopping("stopped; the same command resumes"),
        closing(items),
        Bar(left, "{task.fields[others]}", options.limit, quiet, others="") as bar,
    ):
        for item in items:
            counts[str(item.outcome)] += 1
            kept, pages = counts["kept"] + counts["again"], counts["visited"]
            bar.show(kept, others=f"{counts.total() - kept - pages} left out  {pages} pages")
    _summary(output, counts)


def _summary(output: Path, counts: Counter[str]) -> None:
    with (output / MANIFEST).open(encoding="utf-8") as lines:
        kept = sum(1 for _ in lines)
    left_out = {name: counts[reason] for reason, name in REASONS.items() if counts[reason]}
    if not kept:
        why = ", ".join(f"{n} {name}" for name, n in left_out.items()) or "none was found"
        raise CollectError(f"no picture was kept ({why}): see {output / LOG}")
    echo(f"{kept} kept, {counts['kept']} of them new, in {output}")
    for name, count in left_out.items():
        echo(f"  {count} left out: {name}")
