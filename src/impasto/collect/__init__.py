"""Pictures from the web: politely, safely, each one once, with its source and its license.

Importing this loads nothing heavy; the packages of the extra `collect` are imported on first use.
"""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote_plus

from impasto.collect.addresses import Guard, normalized
from impasto.collect.items import NAME, CrawlItem, RejectedError
from impasto.collect.options import CollectOptions
from impasto.collect.search_results import SOURCES
from impasto.collect.state_db import StateDB
from impasto.errors import CollectError, MissingExtraError, SettingsError
from impasto.weights.folders import refuse_offline

__all__ = ["SOURCES", "CollectOptions", "CrawlItem", "Guard", "collect", "fetch_public", "search"]
_TASK = "collecting pictures from the web"


def collect(
    starts: Sequence[str], folder: Path, options: CollectOptions | None = None
) -> Generator[CrawlItem, None, None]:
    """Collect pictures from pages into a folder, and yield what becomes of each address.

    The same call resumes a run that was stopped or killed. After a run that came to its end it
    looks for what is new, and asks only whether what it knows has changed.

    Args:
        starts: Pages or pictures, http or https. Their hosts may be private.
        folder: Where the pictures go; made if it is not there.
        options: What is wanted.

    Raises:
        SettingsError: A start is not a web address.
        CollectError: The folder cannot be written to, or is in use.
        MissingExtraError: The packages of the extra are not installed.
        ImpastoError: ``IMPASTO_OFFLINE`` is set.
    """
    _check_packages()
    if not starts:
        raise SettingsError("give at least one web address to collect from")
    urls = [_given(start) for start in starts]
    refuse_offline(_TASK)
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
    """Collect what an open collection finds for some words; resumes as `collect` does.

    Args:
        text: What to look for.
        source: One of `SOURCES`: "wikimedia", "openverse" or "met".
        folder: As for `collect`.
        options: As for `collect`.
        api: Another address of the same API: that of another wiki.

    Raises:
        SettingsError: There is no such source, or nothing to look for; the rest as `collect`.
    """
    _check_packages()
    options = options or CollectOptions()
    if source not in SOURCES:
        raise SettingsError(f"source must be one of {', '.join(SOURCES)}; not {source!r}")
    if not text.strip():
        raise SettingsError('search is empty: say what to look for, as in --search "sunflowers"')
    license = f"&license={','.join(options.license)}" if options.license else ""
    query = SOURCES[source].query.format(text=quote_plus(text.strip()), license=license)
    place = _given(api).rstrip("/") if api else SOURCES[source].api
    refuse_offline(_TASK)
    item = CrawlItem(normalized(f"{place}{query}"), "api", source=source)
    return _run([item], Guard([item.url] if api else []), folder, options)


def _given(url: str) -> str:
    """Return the one spelling of an address that somebody typed."""
    if "://" not in url:
        raise SettingsError(f"{url!r} is not a web address: write it with https:// in front")
    try:
        return normalized(url)
    except RejectedError as error:
        raise SettingsError(f"{url!r} cannot be collected from: {error.detail}") from error


def _check_packages() -> None:
    if None in map(find_spec, ("httpx", "selectolax", "protego", "imagehash")):
        raise MissingExtraError(_TASK, "collect")


def _run(
    items: Sequence[CrawlItem], guard: Guard, folder: Path, options: CollectOptions
) -> Generator[CrawlItem, None, None]:
    from impasto.collect.pipeline import Pipeline

    try:
        db = StateDB(folder)
        with closing(db.base):
            db.tidy()
            db.begin(items, options.digest())
            db.write_lists()
            try:
                yield from Pipeline(db, guard, options).run()
            finally:
                db.tidy()
                db.write_lists()
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        advice = "make room or name another folder"
        if "is locked" in reason:
            advice = "wait for the other run that collects into it"
        elif "not a database" in reason or "malformed" in reason:
            advice = f"name another folder, or remove its {NAME} to start over"
        raise CollectError(f"{folder} cannot be used ({reason}): {advice}") from error


def fetch_public(
    url: str, max_bytes: int, timeout: float = 20.0, guard: Guard | None = None
) -> bytes:
    """Fetch what somebody else has named, if it is public; so must all redirects be.

    Args:
        url: http or https.
        max_bytes: At most so much is read.
        timeout: Seconds for each of at most six responses, however slowly they arrive.
        guard: Replaces the one that allows public addresses only.

    Raises:
        CollectError: It is not public, too long, too slow or not there; one line says which.
        MissingExtraError: The packages of the extra are not installed.
        ImpastoError: ``IMPASTO_OFFLINE`` is set.
    """
    _check_packages()
    refuse_offline("fetching an address")
    from anyio.from_thread import start_blocking_portal

    from impasto.collect.http_client import HttpClient

    async def fetch() -> bytes:
        async with HttpClient(guard or Guard(), 0.0, timeout) as client:
            place = normalized(url)
            return (await client.fetch(place, lambda *_: max_bytes, robots=False, tries=1)).content

    try:
        with start_blocking_portal() as portal:
            return portal.call(fetch)
    except RejectedError as error:
        # Who named it is not told which names and addresses there are behind this machine.
        reason = error.detail
        if error.reason in ("address", "network"):
            reason = "it leads to an address which is private, or nothing answers"
        raise CollectError(f"{url} cannot be fetched: {reason}") from error
