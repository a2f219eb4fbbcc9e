"""Polite requests: each host in its turn, as its robots.txt asks, and again when it is busy."""

import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import monotonic
from typing import Any
from urllib.parse import urljoin

import httpcore
import httpx
from anyio import Lock, fail_after, sleep, to_thread
from protego import Protego

from impasto.collect.addresses import Guard, host_and_port, normalized
from impasto.collect.items import AGENT, RejectedError
from impasto.version import __version__

USER_AGENT = f"{AGENT}/{__version__} (style transfer toolkit)"
MOST_REDIRECTS, REDIRECTS = 5, (301, 302, 303, 307, 308)
MOST_TRIES, BUSY = 4, (429, 503)
LONGEST_REST = 120.0  # seconds for one address in all: its host is busy or cuts connections
LEAST_DELAY = 0.5  # seconds between requests to a host that nobody named, whatever is asked for
MOST_DELAY = 300.0  # seconds; hosts whose robots.txt asks for more are left alone
ROBOTS_BYTES, MOST_ROBOTS_BYTES = 512 * 1024, 5_000_000  # that are read, and that there may be

#: Takes the first bytes of a body and its type, returns how many bytes there may be at most.
Limit = Callable[[bytes, str], int]


async def _checked_addresses(guard: Guard, host: str, port: int) -> list[str]:
    # In a thread: looking up a name must not hold up other requests.
    return await to_thread.run_sync(guard.addresses, host, port, abandon_on_cancel=True)


def checked_transport(guard: Guard) -> httpx.AsyncHTTPTransport:
    """Return connections to nothing but the addresses that a guard lets pass."""

    class Checked(httpcore.AnyIOBackend):
        async def connect_tcp(self, host: str, port: int, *rest: Any, **named: Any) -> Any:  # noqa: ANN401
            failed: Exception = httpcore.ConnectError(f"{host} has no address")
            for address in await _checked_addresses(guard, host, port):
                try:
                    return await super().connect_tcp(address, port, *rest, **named)
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failed = error
            raise failed

    transport = httpx.AsyncHTTPTransport()
    # Fails, rather than connecting unchecked, should httpx ever call its pool something else.
    context = transport._pool._ssl_context
    transport._pool = httpcore.AsyncConnectionPool(
        context, max_keepalive_connections=8, keepalive_expiry=15.0, network_backend=Checked()
    )
    return transport


class HttpClient(httpx.AsyncClient):
    """Fetches with `delay` seconds between requests to a host, `timeout` for a whole response."""

    def __init__(self, guard: Guard, delay: float, timeout: float) -> None:
        super().__init__(
            transport=checked_transport(guard),
            headers={"user-agent": USER_AGENT, "accept-encoding": "gzip, identity"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=httpx.Timeout(None, connect=min(timeout, 15.0)),
            trust_env=False,
        )
        self._guard, self._delay, self._seconds = guard, delay, timeout
        self._one: dict[str, Lock] = defaultdict(Lock)
        self._next: dict[str, float] = defaultdict(float)
        self._closed: dict[str, float] = defaultdict(float)
        self._robots: dict[str, Protego | str] = {}

    async def fetch(
        self,
        url: str,
        limit: Limit,
        conditions: Mapping[str, str] | None = None,
        stays: Callable[[str], bool] = bool,
        robots: bool = True,
    ) -> httpx.Response:
        """Fetch something, or raise RejectedError, following at most five redirects, each checked.

        With `conditions`, headers, the status may be 304: nothing has changed. `stays` tells
        whether it may redirect to an address, `robots` whether robots.txt counts: not for APIs.
        """
        for _ in range(MOST_REDIRECTS + 1):
            if not stays(url):
                raise RejectedError("site", f"redirects to {url}, another site")
            place = host_and_port(url)
            await _checked_addresses(self._guard, *place)
            delay = max(self._delay, 0.0 if place in self._guard.allowed else LEAST_DELAY)
            if robots:
                delay = max(delay, await self._robots_delay(url))
            request = self.build_request("GET", url, headers=conditions)
            async with self._one[place[0]]:
                found = await self._retried(request, delay, limit)
            status, target = found.status_code, found.headers.get("location")
            if status == 200 or (status == 304 and conditions):
                return found
            if status not in REDIRECTS or not target:
                raise RejectedError("status", f"the server answered {status}", status)
            url, conditions = normalized(target, url), None
        raise RejectedError("redirects", f"more than {MOST_REDIRECTS} redirects")

    async def _retried(self, request: httpx.Request, delay: float, limit: Limit) -> httpx.Response:
        """Try again when the server is busy, after growing pauses or those it asks for."""
        host, rested = request.url.host, 0.0
        for tried in range(MOST_TRIES):
            await self._turn(host, delay)
            rest = 2.0**tried
            try:
                found = await self._once(request, limit)
                if found.status_code not in BUSY:
                    return found
                asked = retry_after(found.headers.get("retry-after"))
                asks = "" if asked is None else f" and asks for {asked:.0f} seconds"
                busy = RejectedError("busy", f"the server answers {found.status_code}{asks}")
                rest = rest if asked is None else asked
            except httpx.TransportError as error:  # a cut connection may do better next time
                busy = RejectedError("network", _reason(error))
            rested += rest
            waiting = self._closed if rested > LONGEST_REST else self._next
            waiting[host] = max(waiting[host], monotonic() + rest)
            if rested > LONGEST_REST:
                break
        raise busy

    async def _turn(self, host: str, delay: float) -> None:
        """Wait for the turn of a request; the next one comes `delay` seconds later."""
        now = monotonic()
        if (left := self._closed[host] - now) > 0:
            raise RejectedError("busy", f"the server must be left alone for {left:.0f} seconds")
        turn = max(now, self._next[host])
        self._next[host] = turn + delay
        if turn > now:
            await sleep(turn - now)

    async def _once(self, request: httpx.Request, limit: Limit) -> httpx.Response:
        try:
            with fail_after(self._seconds):
                async with aclosing(await self.send(request, stream=True)) as response:
                    status, headers = response.status_code, response.headers.copy()
                    body = await _body(response, limit) if status == 200 else b""
                    headers.pop("content-encoding", None)
                    return httpx.Response(status, headers=headers, content=body, request=request)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise RejectedError("slow", f"longer than {self._seconds:g} seconds") from error

    async def _robots_delay(self, url: str) -> float:
        """Return the pause that a host's robots.txt asks for, if it allows an address."""
        root = urljoin(url, "/robots.txt")
        if root not in self._robots:
            self._robots[root] = await self._rules(root)
        rules = self._robots[root]
        if isinstance(rules, str):
            raise RejectedError("robots", f"robots.txt cannot be fetched ({rules})")
        if not rules.can_fetch(url, AGENT):
            raise RejectedError("robots", "disallowed by robots.txt")
        rate = rules.request_rate(AGENT)
        paced = rate.seconds / rate.requests if rate and rate.requests else 0.0
        delay = max(rules.crawl_delay(AGENT) or 0.0, paced)
        if delay > MOST_DELAY:
            asks = f"robots.txt asks for {delay:.0f} seconds between requests"
            raise RejectedError("robots", asks)
        return delay

    async def _rules(self, root: str) -> Protego | str:
        """Return a robots.txt, or why it cannot be had: then all of the host is closed."""
        try:
            found = await self.fetch(root, lambda *_: MOST_ROBOTS_BYTES, robots=False)
        except RejectedError as error:
            # RFC 9309 wants sites that have none, or redirect too often, to be open.
            if error.reason == "redirects" or 0 < error.status < 500:
                return Protego.parse("")
            return error.detail
        return Protego.parse(found.content[:ROBOTS_BYTES].decode("utf-8-sig", errors="replace"))


def _reason(error: httpx.TransportError) -> str:
    """Say why there is no answer, without a word of what did answer: it may be inside."""
    if "CERTIFICATE" in str(error):
        return "the certificate of the server is not valid"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "no connection to the server"
    return "the answer was cut off, or is not HTTP"


async def _body(response: httpx.Response, limit: Limit) -> bytes:
    """Read a body, and unpack it: a few bytes may be gigabytes of zeros."""
    packed = response.headers.get("content-encoding", "").strip().lower() or "identity"
    if packed not in ("identity", "gzip", "x-gzip", "deflate"):
        raise RejectedError("content", f"packed as {packed[:20]}, which nobody asked for")

    def unpacked(most: int) -> bytes:
        whole = packed == "identity"
        return bytes(body) if whole else zlib.decompressobj(wbits=47).decompress(body, most)

    pieces = response.aiter_raw(1 << 13)
    body = bytearray(await anext(pieces, b""))
    try:
        most = limit(unpacked(1024), response.headers.get("content-type", ""))
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            raise RejectedError("bytes", f"{declared} bytes are announced, {most} are allowed")
        while len(body) <= most and (piece := await anext(pieces, None)):
            body += piece
        whole = unpacked(most + 1)
    except zlib.error as error:
        raise RejectedError("content", "packed, and damaged") from error
    if max(len(body), len(whole)) > most:
        raise RejectedError("bytes", f"more than {most} bytes")
    return whole


def retry_after(header: str | None) -> float | None:
    """Return the seconds from now that a `Retry-After` asks for; None if unreadable."""
    text = (header or "").strip()
    try:
        if text.isdecimal():
            return float(text)
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
