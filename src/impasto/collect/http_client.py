"""Polite requests: each host in its turn, as its robots.txt asks, and again when it is busy.

Imported only where the packages of the extra are known to be there.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import anyio
import anyio.to_thread
import httpcore
import httpx

from impasto.collect.network import Clock, Guard
from impasto.collect.rejections import RejectedError
from impasto.collect.robots import RobotsRules, tag_words
from impasto.collect.urls import host_and_port, normalized
from impasto.version import __version__

USER_AGENT = f"impasto/{__version__} (style transfer toolkit)"
#: The encodings that `body_chunks` unpacks.
_HEADERS = {"user-agent": USER_AGENT, "accept-encoding": "gzip, identity"}
CHUNK_BYTES = 1 << 16
HEAD_BYTES = 1024
MOST_ROBOTS_BYTES = 512 * 1024
MOST_ROBOTS = 256
"""Hosts whose robots.txt is remembered."""
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
BUSY = (429, 503)
MOST_TRIES = 4
LONGEST_REST = 120.0
"""Seconds to wait for one address in all, because its host is busy or cuts connections."""
LEAST_DELAY = 0.5
"""Seconds between requests to a host that nobody named, whatever is asked for."""
CONNECT_SECONDS = 15.0

ResultT = TypeVar("ResultT")
Read = Callable[[httpx.Response, str], Awaitable[ResultT]]
"""What reads the response of an address."""


class Request(NamedTuple):
    """What to fetch.

    Attributes:
        url: Normalized.
        target: The file for the body.
        limit: Told the first bytes and the announced type, returns how many bytes the body may
            have, or raises RejectedError.
        stays: Tells whether an address may be fetched; called for redirects too.
        conditions: Headers that let the server say that nothing has changed.
        robots: Whether robots.txt counts: for pages and pictures, not for APIs.
        tries: How often a busy host is asked.
    """

    url: str
    target: Path
    limit: Callable[[bytes, str], int]
    stays: Callable[[str], bool] = bool
    conditions: Mapping[str, str] = {}
    robots: bool = True
    tries: int = MOST_TRIES


class Response(NamedTuple):
    """What a server sent.

    Attributes:
        url: The address after redirects.
        unchanged: Whether the server says that nothing has changed.
        type: The announced type, with its parameters.
        tags: The words of its robots tags.
        etag: For the conditions of the next request, as is `modified`.
        modified: See `etag`.
        path: The file with the body.
    """

    url: str
    unchanged: bool
    type: str
    tags: frozenset[str]
    etag: str | None
    modified: str | None
    path: Path


class _BusyError(Exception):
    """A server that may answer later, perhaps after the seconds that it asks for."""

    def __init__(self, rejection: RejectedError, seconds: float | None = None) -> None:
        super().__init__(str(rejection))
        self.rejection = rejection
        self.seconds = seconds


class _CheckedBackend(httpcore.AnyIOBackend):
    """Connects to nothing but the addresses that a guard lets pass."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **named: Any
    ) -> httpcore.AsyncNetworkStream:
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await addresses(self._guard, host, port):
            try:
                return await super().connect_tcp(address, port, timeout, *args, **named)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


class CheckedTransport(httpx.AsyncHTTPTransport):
    """Connections to nothing but the addresses that a guard lets pass."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        # Fails, rather than connecting unchecked, should httpx ever call its pool something else.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self._pool._ssl_context,
            max_keepalive_connections=8,
            keepalive_expiry=15.0,
            network_backend=_CheckedBackend(guard),
        )


async def addresses(guard: Guard, host: str, port: int) -> list[str]:
    """Return the addresses that a guard lets pass, without holding up others."""
    return await anyio.to_thread.run_sync(guard.addresses, host, port, abandon_on_cancel=True)


class Pace:
    """When each host may be asked next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}
        self._closed: dict[str, float] = {}

    async def wait(self, host: str, delay: float) -> None:
        """Wait for the turn of a request, and take it: the next one comes `delay` seconds later.

        Raises:
            RejectedError: The host must be left alone for longer than anybody waits.
        """
        now = self._clock.now()
        left = self._closed.get(host, now) - now
        if left > 0:
            detail = f"the server must be left alone for {left:.0f} seconds"
            raise RejectedError("busy", detail)
        turn = max(now, self._next.get(host, now))
        self._next[host] = turn + delay
        if turn > now:
            await self._clock.sleep(turn - now)

    def rest(self, host: str, seconds: float) -> None:
        """Let all requests to a host wait for some seconds."""
        self._next[host] = max(self._next.get(host, 0.0), self._clock.now() + seconds)

    def close(self, host: str, seconds: float) -> None:
        """Leave a host alone for longer than anybody waits."""
        self._closed[host] = self._clock.now() + seconds


class HttpClient:
    """Fetches from several hosts at once; an async context manager.

    Args:
        guard: Says where connections may go.
        delay: Seconds between two requests to a host.
        timeout: Seconds for a whole response.
        clock: What to wait with.
        transport: Replaces connections, for tests.
    """

    def __init__(
        self,
        guard: Guard,
        delay: float,
        timeout: float,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._guard = guard
        self._delay = delay
        self._timeout = timeout
        self._pace = Pace(clock or Clock())
        self._robots: dict[str, RobotsRules] = {}
        self._http = httpx.AsyncClient(
            transport=transport or CheckedTransport(guard),
            headers=_HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=httpx.Timeout(None, connect=min(timeout, CONNECT_SECONDS)),
            trust_env=False,
        )

    async def __aenter__(self) -> HttpClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, request: Request) -> Response:
        """Fetch something, following at most five redirects, each checked.

        Raises:
            RejectedError: It cannot be had.
        """

        async def save(response: httpx.Response, url: str) -> Response:
            return await _save(response, url, request)

        return await self._follow(request, save)

    async def _follow(self, request: Request, read: Read[ResultT]) -> ResultT:
        url, conditions = request.url, request.conditions
        for _ in range(MOST_REDIRECTS + 1):
            if not request.stays(url):
                raise RejectedError("site", f"redirects to {url}, another site")
            place = host_and_port(url)
            await addresses(self._guard, *place)
            delay = max(self._delay, 0.0 if place in self._guard.allowed else LEAST_DELAY)
            if request.robots:
                rules = await self._rules(url)
                rules.check(url)
                delay = max(delay, rules.delay)
            found = await self._patiently(url, conditions, delay, request.tries, read)
            if not isinstance(found, str):
                return found
            url, conditions = found, {}
        raise RejectedError("redirects", f"more than {MOST_REDIRECTS} redirects")

    async def _patiently(
        self,
        url: str,
        conditions: Mapping[str, str],
        delay: float,
        tries: int,
        read: Read[ResultT],
    ) -> ResultT | str:
        """Try again when the server is busy, after growing pauses or those it asks for."""
        host, rested = host_and_port(url)[0], 0.0
        for tried in range(tries):
            await self._pace.wait(host, delay)
            try:
                return await self._once(url, conditions, read)
            except _BusyError as error:
                rest = 2.0**tried if error.seconds is None else error.seconds
                rested += rest
                if rested > LONGEST_REST:
                    self._pace.close(host, rest)
                    raise error.rejection from error
                self._pace.rest(host, rest)
                rejection = error.rejection
        raise rejection

    async def _once(
        self, url: str, conditions: Mapping[str, str], read: Read[ResultT]
    ) -> ResultT | str:
        """Return what is read, or where the server redirects to."""
        try:
            with anyio.fail_after(self._timeout):
                async with self._http.stream("GET", url, headers=conditions) as response:
                    status, headers = response.status_code, response.headers
                    if status in BUSY:
                        seconds = retry_after(headers.get("retry-after"))
                        asks = "" if seconds is None else f" and asks for {seconds:.0f} seconds"
                        rejection = RejectedError("busy", f"the server answers {status}{asks}")
                        raise _BusyError(rejection, seconds)
                    if status in REDIRECTS and headers.get("location"):
                        return normalized(headers["location"], url)
                    return await read(response, url)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise RejectedError("slow", f"longer than {self._timeout:g} seconds") from error
        except httpx.InvalidURL as error:
            raise RejectedError("url", str(error)) from error
        except httpx.TransportError as error:  # a cut connection may do better next time
            text = (str(error) or type(error).__name__).splitlines()[0]
            raise _BusyError(RejectedError("network", text)) from error

    async def _rules(self, url: str) -> RobotsRules:
        root = str(httpx.URL(url).join("/robots.txt"))
        rules = self._robots.get(root)
        if rules is None:
            rules = self._robots[root] = await self._fetch_rules(root)
            if len(self._robots) > MOST_ROBOTS:
                del self._robots[next(iter(self._robots))]
        return rules

    async def _fetch_rules(self, url: str) -> RobotsRules:
        request = Request(url, Path(), lambda *_: 0, robots=False)
        try:
            return await self._follow(request, _read_rules)
        except RejectedError as error:
            # RFC 9309 has it so after five redirects.
            return RobotsRules(closed="" if error.reason == "redirects" else error.detail)


async def _read_rules(response: httpx.Response, url: str) -> RobotsRules:
    if response.status_code >= 500:
        return RobotsRules(closed=f"the server answered {response.status_code}")
    text = b""
    if response.status_code == 200:
        async for chunk in body_chunks(response):
            text += chunk
            if len(text) >= MOST_ROBOTS_BYTES:
                break
    return RobotsRules(text[:MOST_ROBOTS_BYTES])


async def _save(response: httpx.Response, url: str, request: Request) -> Response:
    """Write a body into the file of a request, as long as it is what was asked for."""
    status, headers = response.status_code, response.headers
    if status != 200 and not (status == 304 and request.conditions):
        raise RejectedError("status", f"the server answered {status}")
    kind = headers.get("content-type", "")
    if status == 200:
        chunks, head = body_chunks(response), b""
        async for chunk in chunks:
            head += chunk
            if len(head) >= HEAD_BYTES:
                break
        most = request.limit(head, kind)
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            raise RejectedError("bytes", f"{declared} bytes are announced, {most} are allowed")
        with request.target.open("wb") as file:
            file.write(head)
            async for chunk in chunks:
                if file.tell() > most:
                    break
                file.write(chunk)
            if file.tell() > most:
                raise RejectedError("bytes", f"more than {most} bytes")
    tags = frozenset[str]().union(*map(tag_words, headers.get_list("x-robots-tag")))
    marks = headers.get("etag"), headers.get("last-modified")
    return Response(url, status == 304, kind, tags, *marks, request.target)


async def body_chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield a body, unpacked, in pieces that stay small: a few bytes may be gigabytes of zeros.

    Raises:
        RejectedError: It is packed in a way that nobody asked for, or damaged.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise RejectedError("content", f"packed as {encoding[:20]}, which nobody asked for")
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, told by its first bytes
    try:
        async for piece in response.aiter_raw():
            if encoding in ("", "identity"):
                yield piece
                continue
            while piece and not unpacker.eof:
                yield unpacker.decompress(piece, CHUNK_BYTES)
                piece = unpacker.unconsumed_tail
            if unpacker.eof:
                return  # whatever follows is not read
    except zlib.error as error:
        raise RejectedError("content", "packed, and damaged") from error


def retry_after(header: str | None, wall: float | None = None) -> float | None:
    """Return the seconds that a `Retry-After` asks for; None if it says nothing of use.

    Args:
        header: A number of seconds or a date.
        wall: The time of day, in seconds; None: now.
    """
    text = (header or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(moment - (time.time() if wall is None else wall), 0.0)
