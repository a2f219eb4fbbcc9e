"""Hosts that are functions, and who asks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from unittest.mock import patch

import anyio
import httpx

from impasto.collect import Guard, http_client
from impasto.collect.addresses import normalized
from impasto.collect.http_client import HttpClient

Handle = Callable[[httpx.Request], httpx.Response]


def answering(handle: Handle) -> httpx.MockTransport:
    """Return a network whose answers come from a function, their bodies piece by piece."""

    def streamed(request: httpx.Request) -> httpx.Response:
        made = handle(request)
        stream = httpx.ByteStream(made.content)
        return httpx.Response(made.status_code, headers=made.headers, stream=stream)

    return httpx.MockTransport(streamed)


class Client:
    """A client for tests that are not asynchronous."""

    def __init__(self, transport: httpx.AsyncBaseTransport, guard: Guard, delay: float) -> None:
        with patch.object(http_client, "checked_transport", lambda _: transport):
            self._client = HttpClient(guard, delay, 30.0)

    def get(
        self, url: str, conditions: Mapping[str, str] | None = None, robots: bool = True
    ) -> httpx.Response:
        async def fetch() -> httpx.Response:
            limit = 1000
            return await self._client.fetch(
                url, lambda *_: limit, conditions=conditions, robots=robots
            )

        return anyio.run(fetch)

    def body(self, url: str) -> bytes:
        return self.get(url).content


def fetched(url: str, most: int, guard: Guard | None = None, timeout: float = 20.0) -> bytes:
    """Fetch something as a crawl does, but for robots.txt; raise RejectedError."""

    async def fetch() -> bytes:
        async with HttpClient(guard or Guard(), 0.0, timeout) as client:
            found = await client.fetch(normalized(url), lambda *_: most, robots=False)
            return found.content

    return anyio.run(fetch)


def client(handle: Handle, delay: float = 1.0) -> Client:
    """Return what asks hosts whose answers come from a function."""
    guard = Guard(resolve=lambda host, port: ["10.0.0.1" if "inside" in host else "93.184.215.14"])
    return Client(answering(handle), guard, delay)
