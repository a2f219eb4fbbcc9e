"""Several hosts at once, each of them one request after the other; results in the order asked for.

What is kept must not depend on which host is quick. So requests run ahead of the turn, within a
window, and results wait for theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from impasto.collect.asking import Answer
from impasto.collect.entries import Item
from impasto.collect.refusals import RefusalError
from impasto.collect.urls import host_and_port

HOSTS_AT_ONCE = 4
WINDOW = 32
"""Items that are looked ahead at most; their files wait in the folder."""

Result = Answer | RefusalError


class Lanes:
    """Threads that ask ahead.

    Args:
        fetch: What asks for an item.
    """

    def __init__(self, fetch: Callable[[Item], Result]) -> None:
        self._fetch = fetch
        self._threads = ThreadPoolExecutor(HOSTS_AT_ONCE, "collect")
        self._futures: dict[int, Future[Result]] = {}
        self._hosts: dict[str, Future[Result]] = {}

    def result(self, window: Sequence[Item]) -> Result:
        """Wait for the result of the first of some items, while the others are asked for as well.

        Args:
            window: Items in the order of their turns.
        """
        head = window[0]
        while True:
            future = self._futures.get(head.id)
            if future is not None and future.done():
                del self._futures[head.id]
                return future.result()
            self._start(window)
            wait(self._hosts.values(), return_when=FIRST_COMPLETED)

    def _start(self, window: Sequence[Item]) -> None:
        self._hosts = {host: each for host, each in self._hosts.items() if not each.done()}
        for place, item in enumerate(window):
            if item.id in self._futures:
                continue
            # Of those that a new page has pushed back only so many are held.
            if len(self._hosts) >= HOSTS_AT_ONCE or (place and len(self._futures) >= WINDOW):
                return
            host = host_and_port(item.lead.url)[0]
            if host not in self._hosts:
                future = self._threads.submit(self._fetch, item)
                self._hosts[host] = self._futures[item.id] = future

    def forget(self, item: Item) -> None:
        """Say that nobody waits for an item's result."""
        self._futures.pop(item.id, None)

    def close(self) -> None:
        """Wait for the threads, whose requests were stopped."""
        self._threads.shutdown(wait=True, cancel_futures=True)
