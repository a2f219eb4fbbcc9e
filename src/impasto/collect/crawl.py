"""Collecting: what is given leads to what is found, one turn after the other, until all is done."""

import importlib
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from impasto.collect.guard import Guard
from impasto.collect.items import NAME, CrawlItem, RejectedError
from impasto.collect.options import CollectOptions
from impasto.collect.search_results import SOURCES
from impasto.collect.urls import host_and_port, normalized
from impasto.errors import CollectError, MissingExtraError, SettingsError

if TYPE_CHECKING:
    from httpx import Response

    from impasto.collect.state_db import StateDB

HOSTS_AT_ONCE = 4
WINDOW = 32
"""Items to look ahead; their files wait in the folder."""
PACKAGES = ("httpx", "selectolax", "protego", "imagehash")
"""Those of the extra `collect`."""
_ADVICE = {
    "is locked": "wait for the other run that collects into it",
    "not a database": f"name another folder, or remove its {NAME} to start over",
    "malformed": f"name another folder, or remove its {NAME} to start over",
}


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
    """
    _check_packages(*PACKAGES)
    if not starts:
        raise SettingsError("give at least one web address to collect from")
    items = [CrawlItem(_given(start), "page") for start in starts]
    guard = Guard(item.url for item in items)
    return _run(items, guard, folder, options or CollectOptions())


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
    _check_packages(*PACKAGES)
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
    """Return the one spelling of an address that somebody typed."""
    if "://" not in url:
        raise SettingsError(f"{url!r} is not a web address: write it with https:// in front")
    try:
        return normalized(url)
    except RejectedError as error:
        raise SettingsError(f"{url!r} cannot be collected from: {error.detail}") from error


def _check_packages(*names: str) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingExtraError("collecting pictures from the web", "collect") from error


def _run(
    items: Sequence[CrawlItem], guard: Guard, folder: Path, options: CollectOptions
) -> Generator[CrawlItem, None, None]:
    from impasto.collect.state_db import StateDB

    try:
        db = StateDB(folder)
        with closing(db.base):
            db.tidy()
            db.begin(items, options.digest())
            db.write_records()
            try:
                yield from _turns(db, guard, options)
            finally:
                db.tidy()
                db.write_records()
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        known = (advice for word, advice in _ADVICE.items() if word in reason)
        advice = next(known, "make room or name another folder")
        raise CollectError(f"{folder} cannot be used ({reason}): {advice}") from error


def _turns(db: "StateDB", guard: Guard, options: CollectOptions) -> Iterator[CrawlItem]:
    from anyio.from_thread import start_blocking_portal

    from impasto.collect.http_client import HttpClient
    from impasto.collect.pipeline import Pipeline

    pipeline = Pipeline(db, options)
    with ExitStack() as ending:
        portal = ending.enter_context(start_blocking_portal())
        client = HttpClient(guard, options.delay, options.timeout)
        ending.enter_context(portal.wrap_async_context_manager(client))
        workers = HostWorkers(partial(portal.start_task_soon, pipeline.fetch, client))
        ending.callback(workers.cancel)
        turns = "pending ORDER BY place, id LIMIT ?"
        while pipeline.kept < options.limit and (window := db.select(turns, WINDOW)):
            head, *others = window
            ahead = [item for item in others if pipeline.precheck(item) is None]
            yield pipeline.settle(head, partial(workers.result, [head, *ahead]))
            workers.forget(head)
            db.part_of(head).unlink(missing_ok=True)


class HostWorkers:
    """Several hosts at once, each one request after the other; results in the order of the items.

    What is kept must not depend on which host is quick. So requests run ahead of their turn, within
    a window, and results wait for theirs. `start` starts the request for an item.
    """

    def __init__(self, start: Callable[[CrawlItem], "Future[Response]"]) -> None:
        self._start = start
        self._futures: dict[int, Future[Response]] = {}
        self._hosts: dict[str, Future[Response]] = {}

    def result(self, window: Sequence[CrawlItem]) -> "Response":
        """Return the response to the first of some items, while the others are fetched as well."""
        head = window[0].id
        while head not in self._futures or not self._futures[head].done():
            self._hosts = {host: each for host, each in self._hosts.items() if not each.done()}
            for item in window:
                host = host_and_port(item.url)[0]
                # Of those that a new page has pushed back, only so many are held.
                room = item.id == head or len(self._futures) < WINDOW
                free = host not in self._hosts and len(self._hosts) < HOSTS_AT_ONCE
                if room and free and item.id not in self._futures:
                    self._hosts[host] = self._futures[item.id] = self._start(item)
            wait(self._hosts.values(), return_when=FIRST_COMPLETED)
        return self._futures[head].result()

    def forget(self, item: CrawlItem) -> None:
        """Say that nobody waits for an item's response any more."""
        if future := self._futures.pop(item.id, None):
            future.cancel()

    def cancel(self) -> None:
        """Cancel all requests."""
        for future in self._futures.values():
            future.cancel()


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
        MissingExtraError: httpx is not installed.
    """
    _check_packages("httpx", "protego")
    from anyio.from_thread import start_blocking_portal

    from impasto.collect.http_client import HttpClient, save

    async def fetch(path: Path) -> bytes:
        async with HttpClient(guard or Guard(), 0.0, timeout) as client:
            read = partial(save, path, lambda *_: max_bytes)
            await client.fetch(normalized(url), read, robots=False, tries=1)
        return path.read_bytes()

    try:
        with TemporaryDirectory() as folder, start_blocking_portal() as portal:
            return portal.call(fetch, Path(folder) / "body")
    except RejectedError as error:
        raise CollectError(f"{url} cannot be fetched: {error.detail}") from error
