"""Collecting: what is given leads to what is found, one turn after the other, until all is done."""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from impasto.collect.items import CrawlItem, Event
from impasto.collect.network import Guard, Network, check_packages
from impasto.collect.options import CollectOptions
from impasto.collect.rejections import RejectedError
from impasto.collect.search_results import first_item
from impasto.collect.urls import given, normalized
from impasto.errors import CollectError, SettingsError

if TYPE_CHECKING:
    from impasto.collect.state_db import StateDB


def collect(
    starts: Sequence[str],
    folder: Path,
    options: CollectOptions | None = None,
    network: Network | None = None,
) -> Generator[Event, None, None]:
    """Collect pictures from pages into a folder, and yield what becomes of each address.

    The same call resumes a run that was stopped or killed. After a run that came to its end it
    looks for what is new, and asks only whether what it knows has changed.

    Args:
        starts: Pages or pictures, http or https. Their hosts may be private.
        folder: Where the pictures go; made if it is not there.
        options: What is wanted.
        network: Another network.

    Raises:
        SettingsError: A start is not a web address.
        CollectError: The folder cannot be written to, or is in use.
        MissingExtraError: The packages of the extra are not installed.
    """
    check_packages()
    if not starts:
        raise SettingsError("give at least one web address to collect from")
    network = network or Network()
    urls = [given(start) for start in starts]
    items = [CrawlItem(url, "page") for url in urls]
    guard = Guard(urls, network.resolve)
    return _run(items, folder, options or CollectOptions(), guard, network)


def search(
    text: str,
    source: str,
    folder: Path,
    options: CollectOptions | None = None,
    *,
    api: str | None = None,
    network: Network | None = None,
) -> Generator[Event, None, None]:
    """Collect what an open collection finds for some words; resumes as `collect` does.

    Args:
        text: What to look for.
        source: "wikimedia", "openverse" or "met".
        folder: Where the pictures go; made if it is not there.
        options: What is wanted.
        api: Another address of the same API: that of another wiki.
        network: Another network.

    Raises:
        SettingsError: There is no such source, or nothing to look for.
        CollectError: The folder cannot be written to, or is in use.
        MissingExtraError: The packages of the extra are not installed.
    """
    check_packages()
    network, options = network or Network(), options or CollectOptions()
    item = first_item(text, source, api, options)
    guard = Guard([item.url] if api else [], network.resolve)
    return _run([item], folder, options, guard, network)


def _run(
    items: Sequence[CrawlItem],
    folder: Path,
    options: CollectOptions,
    guard: Guard,
    network: Network,
) -> Generator[Event, None, None]:
    from impasto.collect.state_db import StateDB

    try:
        with ExitStack() as ending:
            db = StateDB(folder)
            ending.callback(db.base.close)
            db.tidy()
            db.begin(items, options.digest())
            db.write_records()
            ending.callback(db.write_records)
            ending.callback(db.tidy)
            yield from _turns(db, options, guard, network)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise CollectError(
            f"{folder} cannot be written to ({reason}): make room or name another folder"
        ) from error


def _turns(
    db: "StateDB", options: CollectOptions, guard: Guard, network: Network
) -> Iterator[Event]:
    from anyio.from_thread import start_blocking_portal

    from impasto.collect.host_workers import WINDOW, HostWorkers
    from impasto.collect.http_client import HttpClient, Response
    from impasto.collect.pipeline import Pipeline

    pipeline = Pipeline(db, options)
    client = HttpClient(guard, options.delay, options.timeout, network.clock, network.transport)

    async def fetch(item: CrawlItem) -> Response:
        return await client.get(pipeline.request(item))

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client):
        workers = HostWorkers(portal, fetch)
        try:
            while pipeline.kept < options.limit and (window := db.pending(WINDOW)):
                head, *others = window
                ahead = [item for item in others if pipeline.precheck(item) is None]
                yield pipeline.settle(head, partial(workers.result, [head, *ahead]))
                workers.forget(head)
                db.part_of(head).unlink(missing_ok=True)
        finally:
            workers.close()


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
    check_packages("httpx", "protego")
    from anyio.from_thread import start_blocking_portal

    from impasto.collect.http_client import HttpClient, Request

    async def fetch(path: Path) -> None:
        request = Request(normalized(url), path, lambda *_: max_bytes, robots=False, tries=1)
        async with HttpClient(guard or Guard(), 0.0, timeout) as client:
            await client.get(request)

    try:
        with TemporaryDirectory() as folder, start_blocking_portal() as portal:
            path = Path(folder) / "body"
            portal.call(fetch, path)
            return path.read_bytes()
    except RejectedError as error:
        raise CollectError(f"{url} cannot be fetched: {error.detail}") from error
