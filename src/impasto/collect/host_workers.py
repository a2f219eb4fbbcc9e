"""Several hosts at once, each one request after the other; results in the order asked for.

What is kept must not depend on which host is quick. So requests run ahead of their turn, within a
window, and results wait for theirs.
"""

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial

from anyio.from_thread import BlockingPortal
from httpx import Response

from impasto.collect.items import CrawlItem
from impasto.collect.urls import host_and_port

HOSTS_AT_ONCE = 4
WINDOW = 32
"""Items to look ahead; their files wait in the folder."""


class HostWorkers:
    """Fetches ahead, in the event loop of a portal, whatever `fetch` fetches of an item."""

    def __init__(
        self, portal: BlockingPortal, fetch: Callable[[CrawlItem], Awaitable[Response]]
    ) -> None:
        self._start = partial(portal.start_task_soon, fetch)
        self._futures: dict[int, Future[Response]] = {}
        self._hosts: dict[str, Future[Response]] = {}

    def result(self, window: Sequence[CrawlItem]) -> Response:
        """Return the response to the first of some items, while the others are fetched as well.

        Raises:
            RejectedError: It cannot be had.
        """
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
        self._futures.pop(item.id, None)

    def close(self) -> None:
        """Cancel all requests."""
        for future in self._futures.values():
            future.cancel()
