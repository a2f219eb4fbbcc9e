"""`impasto collect`: pictures from web pages and open collections."""

import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.options import INTERRUPTED, in_flags, with_fields
from impasto.collect.options import FIELDS, KINDS
from impasto.errors import CollectError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Generator

    from impasto.collect import CollectOptions, CrawlItem


@with_fields(FIELDS, KINDS)
def collect(
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="URL...", help="Pages to take pictures from, or pictures."),
    ] = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the pictures.")],
    search: Annotated[
        str | None, typer.Option(help="Words to look for in an open collection, instead of URLs.")
    ] = None,
    source: Annotated[
        str, typer.Option(metavar="wikimedia|openverse|met", help="The collection to search.")
    ] = "wikimedia",
    api: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where else that interface is: of another wiki."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the report only.")] = False,
    options: dict[str, Any],
) -> None:
    """Gather pictures from the web, politely, with where they come from and whose they are.

    robots.txt is obeyed, a host is asked once a second, each picture is taken once. Beside the
    pictures lie manifest.jsonl and log.jsonl, a line for each that was taken or left out. Started
    again it goes on, or looks for what is new.

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
        raise SettingsError("give web addresses, or words to look for: --search WORDS")
    if text is None:
        return collect(urls, output, options)
    return search(text, source, output, options, api=api)


def _run(items: "Generator[CrawlItem, None, None]", output: Path, limit: int, quiet: bool) -> None:
    from impasto.cli.progress import collecting

    counts: Counter[str] = Counter()
    try:
        with closing(items), collecting(limit, quiet) as show:
            for item in items:
                counts[str(item.outcome)] += 1
                kept = counts["kept"] + counts["again"]
                show(kept, counts.total() - kept - counts["visited"], counts["visited"])
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    _report(output, counts)


def _report(output: Path, counts: Counter[str]) -> None:
    from impasto.collect import LOG, MANIFEST, REASONS

    with (output / MANIFEST).open(encoding="utf-8") as lines:
        kept = sum(1 for _ in lines)
    if not kept:
        reasons = [f"{counts[each]} {name}" for each, name in REASONS.items() if counts[each]]
        why = ", ".join(reasons) or "there was none"
        raise CollectError(f"no picture was kept ({why}): see {output / LOG}")
    print(f"{kept} kept, {counts['kept']} of them new, in {output}")
    for reason, name in REASONS.items():
        if counts[reason]:
            print(f"  {counts[reason]} left out: {name}")
