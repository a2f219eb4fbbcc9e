"""Hosts that are functions, and who asks them."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from impasto.collect.asking import Asker
from impasto.collect.guard import Guard
from impasto.collect.pace import Clock

Handle = Callable[[httpx.Request], httpx.Response]


def answering(handle: Handle) -> httpx.MockTransport:
    """Return a network whose answers come from a function, their bodies piece by piece."""

    def streamed(request: httpx.Request) -> httpx.Response:
        made = handle(request)
        stream = httpx.ByteStream(made.content)
        return httpx.Response(made.status_code, headers=made.headers, stream=stream)

    return httpx.MockTransport(streamed)


def asker(handle: Handle, clock: Clock, delay: float = 1.0) -> Asker:
    """Return what asks hosts whose answers come from a function."""
    guard = Guard(resolve=lambda host, port: ["10.0.0.1" if "inside" in host else "93.184.215.14"])
    return Asker(guard, delay, 30.0, clock, answering(handle))
