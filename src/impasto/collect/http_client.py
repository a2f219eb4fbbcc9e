"""Polite requests: each host in its turn, as its robots.txt asks, and again when it is busy.

Imported only where the packages of the extra are known to be there.
"""

import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import httpcore
import httpx
from anyio import fail_after, sleep, to_thread

from impasto.collect.guard import Guard
from impasto.collect.items import RejectedError
from impasto.collect.robots import RobotsRules
from impasto.collect.urls import host_and_port, normalized
from impasto.version import __version__

USER_AGENT = f"impasto/{__version__} (style transfer toolkit)"
#: The encodings that `body_chunks` unpacks.
_HEADERS = {"user-agent": USER_AGENT, "accept-encoding": "gzip, identity"}
_CONDITIONS = {"if-none-match", "if-modified-since"}
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
Read = Callable[[httpx.Response], Awaitable[ResultT]]
"""What reads a response while it arrives."""


class _BusyError(RejectedError):
    """A server that may answer later, perhaps after the seconds that it asks for."""

    seconds: float | None = None


class _CheckedBackend(httpcore.AnyIOBackend):
    """Connects to nothing but the addresses that a guard lets pass."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def connect_tcp(self, host: str, port: int, *rest: Any, **named: Any) -> Any:  # noqa: ANN401
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await checked_addresses(self._guard, host, port):
            try:
                return await super().connect_tcp(address, port, *rest, **named)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


def checked_transport(guard: Guard) -> httpx.AsyncHTTPTransport:
    """Return connections to nothing but the addresses that a guard lets pass."""
    transport = httpx.AsyncHTTPTransport()
    # Fails, rather than connecting unchecked, should httpx ever call its pool something else.
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=transport._pool._ssl_context,
        max_keepalive_connections=8,
        keepalive_expiry=15.0,
        network_backend=_CheckedBackend(guard),
    )
    return transport


async def checked_addresses(guard: Guard, host: str, port: int) -> list[str]:
    """Return the addresses that a guard lets pass, without holding up other requests."""
    return await to_thread.run_sync(guard.addresses, host, port, abandon_on_cancel=True)


class Pace:
    """When each host may be asked next."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._closed: dict[str, float] = {}

    async def wait(self, host: str, delay: float) -> None:
        """Wait for the turn of a request, and take it: the next one comes `delay` seconds later.

        Raises:
            RejectedError: The host must be left alone for longer than anybody waits.
        """
        now = monotonic()
        left = self._closed.get(host, now) - now
        if left > 0:
            raise RejectedError("busy", f"the server must be left alone for {left:.0f} seconds")
        turn = max(now, self._next.get(host, now))
        self._next[host] = turn + delay
        if turn > now:
            await sleep(turn - now)

    def rest(self, host: str, seconds: float, *, closed: bool = False) -> None:
        """Let all requests to a host wait for some seconds; closed: refuse them meanwhile."""
        moments = self._closed if closed else self._next
        moments[host] = max(moments.get(host, 0.0), monotonic() + seconds)


class HttpClient(httpx.AsyncClient):
    """Fetches with `delay` seconds between requests to a host, `timeout` for a whole response."""

    def __init__(self, guard: Guard, delay: float, timeout: float) -> None:
        super().__init__(
            transport=checked_transport(guard),
            headers=_HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=httpx.Timeout(None, connect=min(timeout, CONNECT_SECONDS)),
            trust_env=False,
        )
        self._guard = guard
        self._delay = delay
        self._seconds = timeout
        self._pace = Pace()
        self._robots: dict[str, RobotsRules] = {}

    async def fetch(
        self,
        url: str,
        read: Read[ResultT],
        *,
        stays: Callable[[str], bool] = bool,
        conditions: Mapping[str, str] | None = None,
        robots: bool = True,
        tries: int = MOST_TRIES,
    ) -> ResultT:
        """Fetch something, following at most five redirects, each checked.

        `stays` tells whether an address, that of a redirect too, may be fetched; `conditions` are
        headers that let the server say that nothing has changed; `robots` is whether robots.txt
        counts: for pages and pictures, not for APIs.

        Raises:
            RejectedError: It cannot be had.
        """
        for _ in range(MOST_REDIRECTS + 1):
            if not stays(url):
                raise RejectedError("site", f"redirects to {url}, another site")
            place = host_and_port(url)
            await checked_addresses(self._guard, *place)
            delay = max(self._delay, 0.0 if place in self._guard.allowed else LEAST_DELAY)
            if robots:
                rules = await self._rules(url)
                rules.check(url)
                delay = max(delay, rules.delay)
            request = self.build_request("GET", url, headers=conditions)
            found = await self._patiently(request, delay, tries, read)
            if not isinstance(found, str):
                return found
            url, conditions = found, None
        raise RejectedError("redirects", f"more than {MOST_REDIRECTS} redirects")

    async def _patiently(
        self, request: httpx.Request, delay: float, tries: int, read: Read[ResultT]
    ) -> ResultT | str:
        """Try again when the server is busy, after growing pauses or those it asks for."""
        host, rested, tried = request.url.host, 0.0, 0
        while True:
            await self._pace.wait(host, delay)
            try:
                return await self._once(request, read)
            except _BusyError as error:
                rest = 2.0**tried if error.seconds is None else error.seconds
                rested += rest
                tried += 1
                self._pace.rest(host, rest, closed=rested > LONGEST_REST)
                if rested > LONGEST_REST or tried == tries:
                    raise

    async def _once(self, request: httpx.Request, read: Read[ResultT]) -> ResultT | str:
        """Return what is read, or where the server redirects to."""
        try:
            with fail_after(self._seconds):
                async with aclosing(await self.send(request, stream=True)) as response:
                    target = response.headers.get("location")
                    if response.status_code in REDIRECTS and target:
                        return normalized(target, str(request.url))
                    _check_busy(response)
                    return await read(response)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise RejectedError("slow", f"longer than {self._seconds:g} seconds") from error
        except httpx.TransportError as error:  # a cut connection may do better next time
            text = (str(error) or type(error).__name__).splitlines()[0]
            raise _BusyError("network", text) from error

    async def _rules(self, url: str) -> RobotsRules:
        root = str(httpx.URL(url).join("/robots.txt"))
        if root not in self._robots:
            if len(self._robots) >= MOST_ROBOTS:
                del self._robots[next(iter(self._robots))]
            try:
                self._robots[root] = await self.fetch(root, _read_rules, robots=False)
            except RejectedError as error:
                # RFC 9309 wants sites that redirect too often to be open.
                closed = "" if error.reason == "redirects" else error.detail
                self._robots[root] = RobotsRules(closed=closed)
        return self._robots[root]


def _check_busy(response: httpx.Response) -> None:
    if response.status_code in BUSY:
        seconds = retry_after(response.headers.get("retry-after"))
        asks = "" if seconds is None else f" and asks for {seconds:.0f} seconds"
        error = _BusyError("busy", f"the server answers {response.status_code}{asks}")
        error.seconds = seconds
        raise error


async def _read_rules(response: httpx.Response) -> RobotsRules:
    text = b""
    if response.status_code >= 500:
        raise RejectedError("status", f"the server answered {response.status_code}")
    if response.status_code == 200:
        async for chunk in body_chunks(response):
            text += chunk
            if len(text) >= MOST_ROBOTS_BYTES:
                break
    return RobotsRules(text[:MOST_ROBOTS_BYTES])


async def save(
    target: Path, limit: Callable[[bytes, str], int], response: httpx.Response
) -> httpx.Response:
    """Save a body in a file.

    `limit` is told its first bytes and the announced type, and returns how many bytes there may
    be, or raises RejectedError.
    """
    if response.status_code == 304 and _CONDITIONS & response.request.headers.keys():
        return response
    if response.status_code != 200:
        raise RejectedError("status", f"the server answered {response.status_code}")
    chunks, head = body_chunks(response), b""
    while len(head) < HEAD_BYTES and (chunk := await anext(chunks, None)) is not None:
        head += chunk
    most = limit(head, response.headers.get("content-type", ""))
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise RejectedError("bytes", f"{declared} bytes are announced, {most} are allowed")
    with target.open("wb") as file:
        file.write(head)
        while file.tell() <= most:
            if (chunk := await anext(chunks, None)) is None:
                return response
            file.write(chunk)
    raise RejectedError("bytes", f"more than {most} bytes")


async def body_chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield a body, unpacked, in pieces that stay small: a few bytes may be gigabytes of zeros.

    Raises:
        RejectedError: It is packed in a way that nobody asked for, or damaged.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
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
    """Return the seconds from `wall`, or now, that a `Retry-After` asks for; None if unreadable."""
    text = (header or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(moment - (time.time() if wall is None else wall), 0.0)
