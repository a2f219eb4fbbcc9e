"""Hosts that are functions, and who asks them."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import httpx

from impasto.collect import Guard
from impasto.collect.http_client import HttpClient, Request, Response
from impasto.collect.network import Clock

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

    def __init__(
        self, clock: Clock, transport: httpx.AsyncBaseTransport, guard: Guard, delay: float
    ) -> None:
        self._client = HttpClient(guard, delay, 30.0, clock, transport)

    def get(self, request: Request) -> Response:
        return anyio.run(self._client.get, request)


def client(handle: Handle, clock: Clock, delay: float = 1.0) -> Client:
    """Return what asks hosts whose answers come from a function."""
    guard = Guard(resolve=lambda host, port: ["10.0.0.1" if "inside" in host else "93.184.215.14"])
    return Client(clock, answering(handle), guard, delay)
