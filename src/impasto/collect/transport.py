"""Connections that cannot be led astray: a name is resolved, checked, and connected to as checked.

Imported only where httpx is known to be there.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import httpcore
import httpx

from impasto.collect.refusals import RefusalError

KEPT_CONNECTIONS = 8
KEPT_SECONDS = 15.0
CHECK_SECONDS = 0.5
"""Between two looks whether a silent server is still to be waited for."""


class Resolver(Protocol):
    """What turns a name into addresses that may be connected to."""

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host; raise RefusalError if one is not to be asked."""
        ...


class _Deadline(threading.local):
    """When the answer that this thread waits for must be complete, or is wanted no more."""

    until = float("inf")

    def __init__(self, check: Callable[[], object]) -> None:
        self.check = check

    def seconds(self, timeout: float | None) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for the whole answer is over")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection whose every read ends in time, so that slow drops do not add up."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.seconds(timeout)
        while left > CHECK_SECONDS:
            try:
                return self._inner.read(max_bytes, CHECK_SECONDS)
            except httpcore.ReadTimeout:
                self._deadline.check()
                left -= CHECK_SECONDS
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.seconds(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self._deadline.seconds(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects to nothing but the addresses that the resolver has let pass."""

    def __init__(self, resolver: Resolver, deadline: _Deadline) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        last: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._resolver.addresses(host, port):
            seconds = self._deadline.seconds(timeout)
            try:
                inner = self._inner.connect_tcp(
                    address, port, seconds, local_address, socket_options
                )
                return _Stream(inner, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


class _Body(httpx.SyncByteStream):
    """The body of an answer, with httpx's errors."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 (httpcore has it so)
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _translated(error) from error

    def close(self) -> None:
        self._stream.close()


class GuardedTransport(httpx.BaseTransport):
    """What httpx sends its requests through; proxies of the environment are not used.

    The request's extension `seconds` is the time for the whole answer, body included.

    Args:
        resolver: What says which addresses a name has.
        check: Called while a server is silent; raises when it is time to stop.
    """

    def __init__(self, resolver: Resolver, check: Callable[[], object]) -> None:
        self._deadline = _Deadline(check)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_keepalive_connections=KEPT_CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_Backend(resolver, self._deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer, its body still to be read."""
        seconds = request.extensions.get("seconds")
        self._deadline.until = float("inf") if seconds is None else time.monotonic() + seconds
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=b"",
            extensions=request.extensions,
        )
        try:
            answer = self._pool.handle_request(asked)
        except RefusalError:
            raise
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _translated(error) from error
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _translated(error: Exception) -> httpx.TransportError:
    text = str(error) or type(error).__name__
    if isinstance(error, httpcore.TimeoutException):
        return httpx.ReadTimeout(text)
    if isinstance(error, httpcore.ConnectError):
        return httpx.ConnectError(text)
    return httpx.ReadError(text)
