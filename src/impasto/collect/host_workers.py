"""Several hosts at once, each one request after the other; results in the order asked for.

What is kept must not depend on which host is quick. So requests run ahead of their turn, within a
window, and results wait for theirs.
"""

from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from anyio.from_thread import BlockingPortal

from impasto.collect.http_client import Response
from impasto.collect.items import CrawlItem
from impasto.collect.urls import host_and_port

HOSTS_AT_ONCE = 4
WINDOW = 32
"""Items to look ahead; their files wait in the folder."""


class HostWorkers:
    """Fetches ahead.

    Args:
        portal: The event loop that fetches.
        fetch: Fetches an item.
    """

    def __init__(
        self,
        portal: BlockingPortal,
        fetch: Callable[[CrawlItem], Coroutine[Any, Any, Response]],
    ) -> None:
        self._portal = portal
        self._fetch = fetch
        self._futures: dict[int, Future[Response]] = {}
        self._hosts: dict[str, Future[Response]] = {}

    def result(self, window: Sequence[CrawlItem]) -> Response:
        """Wait for the result of the first of some items, while the others are fetched as well.

        Args:
            window: Items in the order of their turns.

        Raises:
            RejectedError: It cannot be had.
        """
        head = window[0].id
        while head not in self._futures or not self._futures[head].done():
            self._start(window)
            wait(self._hosts.values(), return_when=FIRST_COMPLETED)
        return self._futures[head].result()

    def _start(self, window: Sequence[CrawlItem]) -> None:
        self._hosts = {host: each for host, each in self._hosts.items() if not each.done()}
        for place, item in enumerate(window):
            # Of those that a new page has pushed back, only so many are held.
            full = place > 0 and len(self._futures) >= WINDOW
            if full or len(self._hosts) >= HOSTS_AT_ONCE:
                return
            host = host_and_port(item.url)[0]
            if item.id not in self._futures and host not in self._hosts:
                future = self._portal.start_task_soon(self._fetch, item)
                self._hosts[host] = self._futures[item.id] = future

    def forget(self, item: CrawlItem) -> None:
        """Say that nobody waits for an item's result any more."""
        self._futures.pop(item.id, None)

    def close(self) -> None:
        """Cancel all requests."""
        for future in self._futures.values():
            future.cancel()
