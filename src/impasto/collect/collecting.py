"""Collecting: what is given leads to what is found, one turn after the other, until all is done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.collect.asking import Asker, Wish
from impasto.collect.entries import Item, Lead
from impasto.collect.events import Event
from impasto.collect.folders import open_ledger, part_of, tidy, write_records
from impasto.collect.gathering import Gathering
from impasto.collect.guard import Guard, Resolve, check_packages, resolve
from impasto.collect.inspecting import picture_type
from impasto.collect.lanes import WINDOW, Lanes, Result
from impasto.collect.ledger import Ledger
from impasto.collect.options import CollectOptions
from impasto.collect.pace import Clock
from impasto.collect.refusals import RefusalError
from impasto.collect.searches import first_lead
from impasto.collect.urls import given
from impasto.errors import CollectError, SettingsError

if TYPE_CHECKING:
    from httpx import BaseTransport

_PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True)
class Network:
    """What stands between runs and the network; another one in tests.

    Attributes:
        clock: Makes what a run waits with, one for each run: its end stops all waiting.
        resolve: How names become addresses.
        transport: Instead of connections.
    """

    clock: Callable[[], Clock] = Clock
    resolve: Resolve = resolve
    transport: BaseTransport | None = None


def collect(
    starts: Sequence[str],
    folder: Path,
    options: CollectOptions | None = None,
    network: Network | None = None,
) -> Generator[Event, None, None]:
    """Collect pictures from pages into a folder, and yield what becomes of each address.

    The same call goes on where a run was stopped or killed. After a run that came to its end it
    looks for what is new, and asks for what it knows only whether it has changed.

    Args:
        starts: Pages or pictures, http or https. Their hosts are asked even if they are private.
        folder: Where to; made if it is not there.
        options: What is wanted.
        network: Another network.

    Raises:
        SettingsError: A start is no web address.
        CollectError: The folder cannot be written to, or is in use.
        MissingExtraError: The packages for it are not installed.
    """
    if not starts:
        raise SettingsError("give at least one web address to collect from")
    network = network or Network()
    urls = [given(start) for start in starts]
    leads = [Lead(url, "page") for url in urls]
    return _run(leads, folder, options or CollectOptions(), Guard(urls, network.resolve), network)


def search(
    text: str,
    source: str,
    folder: Path,
    options: CollectOptions | None = None,
    *,
    api: str | None = None,
    network: Network | None = None,
) -> Generator[Event, None, None]:
    """Collect what an open collection finds for some words; goes on as `collect` does.

    Args:
        text: What to look for.
        source: "wikimedia", "openverse" or "met".
        folder: Where to; made if it is not there.
        options: What is wanted.
        api: Another place of the same interface: that of another wiki.
        network: Another network.

    Raises:
        SettingsError: There is no such source, or nothing to look for.
        CollectError: The folder cannot be written to, or is in use.
        MissingExtraError: The packages for it are not installed.
    """
    network, options = network or Network(), options or CollectOptions()
    lead = first_lead(text, source, api, options)
    guard = Guard([lead.url] if api else [], network.resolve)
    return _run([lead], folder, options, guard, network)


def _run(
    leads: Sequence[Lead],
    folder: Path,
    options: CollectOptions,
    guard: Guard,
    network: Network,
) -> Generator[Event, None, None]:
    check_packages()
    try:
        with ExitStack() as ending:
            ledger = open_ledger(folder)
            ending.callback(ledger.close)
            tidy(folder, ledger)
            _begin(ledger, leads, options)
            write_records(folder, ledger)
            ending.callback(write_records, folder, ledger)
            ending.callback(tidy, folder, ledger)
            clock = network.clock()
            asker = Asker(guard, options.delay, options.timeout, clock, network.transport)
            ending.callback(asker.close)
            gathering = Gathering(folder, ledger, options)
            lanes = Lanes(_Fetching(asker, gathering, folder, options).fetch)
            ending.callback(lanes.close)
            ending.callback(clock.stop)
            yield from _turns(ledger, gathering, lanes, folder, options.limit)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise CollectError(
            f"{folder} cannot be written to ({reason}): make room or name another folder"
        ) from error


def _begin(ledger: Ledger, leads: Sequence[Lead], options: CollectOptions) -> None:
    with ledger:
        changed = ledger.fact("options") != options.digest()
        if changed:
            # What was left out then may be wanted now: it is not asked whether it has changed.
            ledger.forget_marks()
            ledger.note("options", options.digest())
        ledger.add(leads)
        if changed or not ledger.pending(1):
            ledger.begin_again()


def _turns(
    ledger: Ledger, gathering: Gathering, lanes: Lanes, folder: Path, limit: int
) -> Iterator[Event]:
    while gathering.count < limit and (window := ledger.pending(WINDOW)):
        head = window[0]
        result: Result | None = gathering.refusal(head)
        if result is None:
            ahead = [item for item in window[1:] if gathering.refusal(item) is None]
            result = lanes.result([head, *ahead])
        else:
            lanes.forget(head)
        yield from gathering.settle(head, result)
        part_of(folder, head.id).unlink(missing_ok=True)


class _Fetching:
    """Asks for items, each as its kind wants it; used by several threads."""

    def __init__(
        self, asker: Asker, gathering: Gathering, folder: Path, options: CollectOptions
    ) -> None:
        self._asker = asker
        self._stays = gathering.stays
        self._folder = folder
        self._options = options

    def fetch(self, item: Item) -> Result:
        """Ask for an item; return why not where it is not to be had."""
        kind, given = item.lead.kind, item.lead.page is None
        limits = {"picture": self._picture, "api": self._interface}
        wish = Wish(
            item.lead.url,
            part_of(self._folder, item.id),
            limit=limits.get(kind, self._page),
            # What was given may be a picture, which may be anywhere; a page is refused when read.
            stays=self._stays if kind == "page" and not given else lambda url: True,
            conditions=_conditions(item),
            robots=kind != "api",
        )
        try:
            return self._asker.get(wish)
        except RefusalError as error:
            return error

    def _picture(self, head: bytes, type: str) -> int:
        _check_any(head)
        if picture_type(head) is None:
            raise RefusalError("content", f"no picture (announced as {type[:40] or 'nothing'})")
        return self._options.max_bytes

    def _page(self, head: bytes, type: str) -> int:
        _check_any(head)
        if picture_type(head) is not None:
            return self._options.max_bytes
        announced = type.partition(";")[0].strip().lower()
        if announced in _PAGES or (not announced and head.lstrip()[:1] == b"<"):
            return self._options.max_page_bytes
        raise RefusalError("content", f"neither picture nor page ({type[:40] or 'no type'})")

    def _interface(self, head: bytes, type: str) -> int:
        return self._options.max_page_bytes


def _check_any(head: bytes) -> None:
    if not head:
        raise RefusalError("broken", "an empty file")


def _conditions(item: Item) -> Mapping[str, str]:
    conditions = {"if-none-match": item.etag, "if-modified-since": item.modified}
    # Some servers put file names into their marks; a header can hold ASCII only.
    return {name: value for name, value in conditions.items() if value and value.isascii()}
