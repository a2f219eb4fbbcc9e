"""Pictures from the web: politely, safely, each one once, with its source and its license."""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote_plus

from impasto.collect.addresses import Guard, normalized
from impasto.collect.items import NAME, CollectOptions, CrawlItem, RejectedError
from impasto.collect.search_results import SOURCES
from impasto.collect.state_db import StateDB
from impasto.errors import CollectError, MissingExtraError, SettingsError
from impasto.weights.folders import refuse_offline

__all__ = ["SOURCES", "CollectOptions", "CrawlItem", "Guard", "collect", "search"]
_TASK = "collecting pictures from the web"


def collect(
    starts: Sequence[str], folder: Path, options: CollectOptions | None = None
) -> Generator[CrawlItem, None, None]:
    """Collect pictures from pages into a folder, and yield what becomes of each address.

    Starts are pages or pictures, http or https, whose hosts may be private. The same call resumes a
    run that was stopped or killed. After one that came to its end it looks for what is new, and
    asks only whether what it knows has changed.

    A start that is no web address is a `SettingsError`, a folder that cannot be written to or is in
    use a `CollectError`, a missing extra, and ``IMPASTO_OFFLINE``, an `ImpastoError`.
    """
    _check_possible()
    if not starts:
        raise SettingsError("give at least one web address to collect from")
    urls = [_given(start) for start in starts]
    items = [CrawlItem(url, "page") for url in urls]
    return _run(items, Guard(urls), folder, options or CollectOptions())


def search(
    text: str,
    source: str,
    folder: Path,
    options: CollectOptions | None = None,
    *,
    api: str | None = None,
) -> Generator[CrawlItem, None, None]:
    """Collect what one of `SOURCES`, or another address of its API, finds; else as `collect`."""
    _check_possible()
    options = options or CollectOptions()
    if source not in SOURCES:
        raise SettingsError(f"source must be one of {', '.join(SOURCES)}; not {source!r}")
    if not text.strip():
        raise SettingsError('search is empty: say what to look for, as in --search "sunflowers"')
    license = f"&license={','.join(options.license)}" if options.license else ""
    query = SOURCES[source].query.format(text=quote_plus(text.strip()), license=license)
    place = _given(api).rstrip("/") if api else SOURCES[source].api
    item = CrawlItem(normalized(f"{place}{query}"), "api", source=source)
    return _run([item], Guard([item.url] if api else []), folder, options)


def _given(url: str) -> str:
    if "://" not in url:
        raise SettingsError(f"{url!r} is not a web address: write it with https:// in front")
    try:
        return normalized(url)
    except RejectedError as error:
        raise SettingsError(f"{url!r} cannot be collected from: {error.detail}") from error


def _check_possible() -> None:
    if None in map(find_spec, ("httpx", "selectolax", "protego", "imagehash")):
        raise MissingExtraError(_TASK, "collect")
    refuse_offline(_TASK)


def _run(
    items: Sequence[CrawlItem], guard: Guard, folder: Path, options: CollectOptions
) -> Generator[CrawlItem, None, None]:
    from impasto.collect.pipeline import Pipeline

    try:
        with closing(StateDB(folder)) as db:
            db.begin(items, options.digest())
            yield from Pipeline(db, guard, options).run()
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        advice = "make room or name another folder"
        if "is locked" in reason:
            advice = "wait for the other run that collects into it"
        elif "not a database" in reason or "malformed" in reason:
            advice = f"name another folder, or remove its {NAME} to start over"
        raise CollectError(f"{folder} cannot be used ({reason}): {advice}") from error
