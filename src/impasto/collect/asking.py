"""Asking hosts politely: each in its turn, as its robots.txt has it, and again when it is busy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from impasto.collect.bodies import body_chunks, check_declared, limited
from impasto.collect.guard import MOST_REDIRECTS, Guard, make_client, redirection
from impasto.collect.pace import Clock, Pace, retry_after
from impasto.collect.refusals import RefusalError
from impasto.collect.robots import MOST_BYTES as MOST_ROBOTS_BYTES
from impasto.collect.robots import Robots, tag_words
from impasto.collect.urls import host_and_port

if TYPE_CHECKING:
    import httpx

AnswerT = TypeVar("AnswerT")
HEAD_BYTES = 1024
BUSY = (429, 503)
MOST_TRIES = 4
LONGEST_REST = 120.0
"""Seconds that are waited for one address in all, because its host is busy or cut us off."""
FIRST_REST = 1.0
LEAST_DELAY = 0.5
"""Seconds between requests to a host that nobody named, whatever is asked for."""
CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class Wish:
    """What is to be asked for.

    Attributes:
        url: Normalized.
        target: The file for the body.
        limit: Told the first bytes and the type that was announced, returns how many bytes there
            may be, or raises RefusalError.
        stays: Tells whether an address may be asked at all; of a redirection too.
        conditions: Headers that let the server say that nothing has changed.
        robots: Whether robots.txt is obeyed: for pages and pictures, not for a program's interface.
    """

    url: str
    target: Path
    limit: Callable[[bytes, str], int]
    stays: Callable[[str], bool] = field(default=lambda url: True)
    conditions: Mapping[str, str] = field(default_factory=dict)
    robots: bool = True


class Answer(NamedTuple):
    """What a server gave.

    Attributes:
        url: Where it was in the end.
        status: 200, or 304 if nothing has changed.
        type: The type that was announced, with its parameters.
        tags: The words of its robots tags.
        etag: To ask conditionally the next time.
        modified: Likewise.
        path: The body.
        sha256: Of the body.
        bytes: Of the body.
    """

    url: str
    status: int
    type: str
    tags: frozenset[str]
    etag: str | None
    modified: str | None
    path: Path
    sha256: str
    bytes: int


class _BusyError(Exception):
    """A server that may answer later."""

    def __init__(self, refusal: RefusalError, seconds: float | None = None) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.seconds = seconds


class Asker:
    """Asks hosts, each in its turn; may be used by several threads.

    Args:
        guard: Says where connections may go.
        delay: Seconds between two requests to a host.
        timeout: Seconds for a whole answer.
        clock: To wait with.
        transport: Instead of the network, for tests.
    """

    def __init__(
        self,
        guard: Guard,
        delay: float,
        timeout: float,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._guard = guard
        self._delay = delay
        self._timeout = timeout
        self._clock = clock
        self._pace = Pace(clock)
        self._client = make_client(guard, min(timeout, CONNECT_SECONDS), transport, clock.check)
        self._robots = Robots(self._robots_text)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def get(self, wish: Wish) -> Answer:
        """Get what is wished for, following at most five redirections, each checked.

        Raises:
            RefusalError: It is not to be had.
        """
        url, seen = wish.url, set[str]()
        while url not in seen:
            if len(seen) > MOST_REDIRECTS:
                raise RefusalError("redirects", f"more than {MOST_REDIRECTS} redirects")
            seen.add(url)
            self._check(url, wish)
            delay = self._delay_of(url, wish.robots)
            found = self._patiently(url, delay, partial(self._once, url, wish))
            if isinstance(found, Answer):
                return found
            url = found
        raise RefusalError("redirects", f"redirects in a loop, back to {url}")

    def _check(self, url: str, wish: Wish) -> None:
        if not wish.stays(url):
            raise RefusalError("site", f"redirects to {url}, another site")
        self._guard.check(url)
        if wish.robots:
            self._robots.check(url)

    def _patiently(self, url: str, delay: float, ask: Callable[[], AnswerT]) -> AnswerT:
        """Ask once more when the server is busy, with growing pauses or those it asks for."""
        host, rested = host_and_port(url)[0], 0.0
        for tried in range(1, MOST_TRIES + 1):
            self._check_open(host)
            self._pace.wait(host, delay)
            try:
                return ask()
            except _BusyError as error:
                rest = FIRST_REST * 2 ** (tried - 1) if error.seconds is None else error.seconds
                rested += rest
                if rested > LONGEST_REST:
                    self._pace.close(host, rest)
                    raise error.refusal from error
                self._pace.rest(host, rest)  # the host's other addresses wait as well
                if tried == MOST_TRIES:
                    raise error.refusal from error
        raise AssertionError("the last try returns or raises")

    def _check_open(self, host: str) -> None:
        left = self._pace.closed(host)
        if left:
            raise RefusalError("busy", f"the server is to be left alone for {left:.0f} seconds")

    def _delay_of(self, url: str, robots: bool) -> float:
        least = 0.0 if self._guard.names(url) else LEAST_DELAY
        return max(self._delay, least, self._robots.delay(url) if robots else 0.0)

    def _once(self, url: str, wish: Wish) -> Answer | str:
        import httpx

        conditions = wish.conditions if url == wish.url else {}
        try:
            with self._client.stream(
                "GET", url, headers=conditions, extensions={"seconds": self._timeout}
            ) as response:
                self._client.cookies.clear()
                return redirection(response, url) or self._read(response, url, wish)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._reason(error) from error

    def _reason(self, error: httpx.TransportError | httpx.InvalidURL) -> RefusalError | _BusyError:
        """Return what an error of the network means: a cut connection may do better next time."""
        import httpx

        if isinstance(error, httpx.TimeoutException):
            return RefusalError("slow", f"longer than {self._timeout:g} seconds")
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        if isinstance(error, httpx.InvalidURL):  # httpx is stricter than the system: 010.8.8.8
            return RefusalError("url", text)
        return _BusyError(RefusalError("network", text))

    def _read(self, response: httpx.Response, url: str, wish: Wish) -> Answer:
        status, headers = response.status_code, response.headers
        _check_busy(response)
        if status != 200 and not (status == 304 and wish.conditions):
            raise RefusalError("status", f"the server answered {status}")
        digest, size = hashlib.sha256(), 0
        if status == 200:
            digest, size = self._save(response, wish)
        tags = [tag_words(value) for value in headers.get_list("x-robots-tag")]
        return Answer(
            url,
            status,
            headers.get("content-type", ""),
            frozenset[str]().union(*tags),
            headers.get("etag"),
            headers.get("last-modified"),
            wish.target,
            digest.hexdigest(),
            size,
        )

    def _save(self, response: httpx.Response, wish: Wish) -> tuple[hashlib._Hash, int]:
        """Write the body into the file, as long as it is what was wished for."""
        pieces = body_chunks(response, self._clock.check)
        head = b""
        for piece in pieces:
            head += piece
            if len(head) >= HEAD_BYTES:
                break
        most = wish.limit(head, response.headers.get("content-type", ""))
        check_declared(response, most)
        digest, size = hashlib.sha256(), 0
        with wish.target.open("wb") as file:
            for chunk in limited(chain([head], pieces), most):
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
        return digest, size

    def _robots_text(self, url: str) -> tuple[int, bytes]:
        """Return status and text of a robots.txt; too long a one is cut."""
        seen = 0
        while seen <= MOST_REDIRECTS:
            seen += 1
            self._guard.check(url)
            delay = self._delay_of(url, robots=False)
            ask = partial(self._robots_once, url)
            status, text, further = self._patiently(url, delay, ask)
            if further is None:
                return status, text
            url = further
        return 404, b""  # as RFC 9309 has it after five redirects

    def _robots_once(self, url: str) -> tuple[int, bytes, str | None]:
        import httpx

        try:
            with self._client.stream("GET", url, extensions={"seconds": self._timeout}) as response:
                self._client.cookies.clear()
                _check_busy(response)
                further = redirection(response, url)
                text = b""
                if response.status_code == 200:
                    for chunk in body_chunks(response, self._clock.check):
                        text += chunk
                        if len(text) >= MOST_ROBOTS_BYTES:
                            break
                return response.status_code, text[:MOST_ROBOTS_BYTES], further
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._reason(error) from error


def _check_busy(response: httpx.Response) -> None:
    status = response.status_code
    if status in BUSY:
        seconds = retry_after(response.headers.get("retry-after"))
        asks = "" if seconds is None else f" and asks for {seconds:.0f} seconds"
        raise _BusyError(RefusalError("busy", f"the server answers {status}{asks}"), seconds)
