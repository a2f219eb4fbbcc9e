"""`impasto collect`: pictures from web pages and open collections."""

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli.completion import one_of
from impasto.cli.options import Quiet, argument, in_flags, own, stopping, with_fields
from impasto.cli.terminal import echo
from impasto.collect.items import FIELDS, KINDS
from impasto.errors import CollectError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Generator

    from impasto.collect import CollectOptions, CrawlItem

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


@with_fields(FIELDS, KINDS)
def collect(
    urls: list[str] | None = argument(None, "Pages with pictures, or pictures.", metavar="URL..."),
    *,
    output: Path = own(..., "Folder for the pictures.", "--output", "-o", metavar="FOLDER"),
    search: str | None = own(
        None, "Words to search an open collection for, instead of URLs.", metavar="WORDS"
    ),
    source: str = own(
        "wikimedia",
        "The collection to search.",
        metavar="wikimedia|openverse|met",
        autocompletion=one_of("wikimedia", "openverse", "met"),
    ),
    api: str | None = own(
        None, "Another address of that API, such as another wiki's.", metavar="URL"
    ),
    quiet: Quiet = False,
    options: dict[str, Any],
) -> None:
    """Collect pictures from the web, with their sources, authors and licenses.

    The crawler obeys robots.txt, asks a host once a second and keeps each picture once.
    manifest.jsonl in the folder lists the pictures kept; log.jsonl lists what was left out, and
    why. The same command resumes a stopped run, or looks for new pictures.

    Example: impasto collect --search sunflowers --source met --limit 20 -o sunflowers
    """
    from impasto.collect import CollectOptions

    try:
        wanted = CollectOptions(**options)
    except SettingsError as error:
        raise SettingsError(in_flags(str(error), FIELDS)) from error
    _run(_items(urls or [], search, source, api, output, wanted), output, wanted.limit, quiet)


def _items(
    urls: list[str],
    text: str | None,
    source: str,
    api: str | None,
    output: Path,
    options: "CollectOptions",
) -> "Generator[CrawlItem, None, None]":
    from impasto.collect import collect, search

    if bool(urls) == (text is not None):
        raise SettingsError("give web addresses, or words to search for: --search WORDS")
    if text is None:
        return collect(urls, output, options)
    return search(text, source, output, options, api=api)


def _run(items: "Generator[CrawlItem, None, None]", output: Path, limit: int, quiet: bool) -> None:
    from impasto.cli.progress import collecting

    counts: Counter[str] = Counter()
    with (
        stopping("stopped; the same command resumes"),
        closing(items),
        collecting(limit, quiet) as show,
    ):
        for item in items:
            counts[str(item.outcome)] += 1
            kept = counts["kept"] + counts["again"]
            show(kept, counts.total() - kept - counts["visited"], counts["visited"])
    _report(output, counts)


def _report(output: Path, counts: Counter[str]) -> None:
    from impasto.collect.items import LOG, MANIFEST

    with (output / MANIFEST).open(encoding="utf-8") as lines:
        kept = sum(1 for _ in lines)
    if not kept:
        reasons = [f"{counts[each]} {name}" for each, name in REASONS.items() if counts[each]]
        why = ", ".join(reasons) or "none was found"
        raise CollectError(f"no picture was kept ({why}): see {output / LOG}")
    echo(f"{kept} kept, {counts['kept']} of them new, in {output}")
    for reason, name in REASONS.items():
        if counts[reason]:
            echo(f"  {counts[reason]} left out: {name}")
