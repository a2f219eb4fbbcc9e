"""`impasto collect`: pictures from web pages and open collections."""

from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli.options import Quiet, argument, in_flags, own, stopping, with_fields
from impasto.cli.terminal import echo
from impasto.collect.items import FIELDS, KINDS
from impasto.errors import CollectError, SettingsError

if TYPE_CHECKING:
    pass

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


@partial(with_fields, known=FIELDS, types=KINDS)
def collect(
    urls: list[str] | None = argument(None, "Pages with pictures, or pictures.", metavar="URL..."),
    *,
    output: Path = own(..., "Folder for the pictures.", metavar="FOLDER"),
    search: str | None = own(
        None, "Words to search an open collection for, instead of URLs.", metavar="WORDS"
    ),
    source: str = own("wikimedia", "The collection to search.", metavar="wikimedia|openverse|met"),
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
    from impasto import collect as web
    from impasto.cli.progress import Bar

    try:
        wanted = web.CollectOptions(**options)
    except SettingsError as error:
        raise SettingsError(in_flags(str(error), FIELDS)) from error
    if bool(urls) == (search is not None):
        raise SettingsError("give web addresses, or words to search for: --search WORDS")
    if search is None:
        items = web.collect(urls or [], output, wanted)
    else:
        items = web.search(search, source, output, wanted, api=api)
    counts: Counter[str] = Counter()
    left = "{task.completed} of at most {task.total} pictures"
    with (
        stopping("stopped; the same command resumes"),
        closing(items),
        Bar(left, "{task.fields[others]}", wanted.limit, quiet, others="") as bar,
    ):
        for item in items:
            counts[str(item.outcome)] += 1
            kept, pages = counts["kept"] + counts["again"], counts["visited"]
            rejected = counts.total() - kept - pages
            bar.show(kept, others=f"{rejected} left out  {pages} pages")
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
