"""Manners: robots.txt, pauses, conditions."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import AsyncIterator
from functools import partial
from http.server import BaseHTTPRequestHandler

import anyio
import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from tests.collect.conftest import QuickClock
from tests.collect.hosts import Client, Handle, client
from tests.collect.server import Reply, Site

from impasto.collect import Guard
from impasto.collect.addresses import normalized
from impasto.collect.http_client import BUSY, MOST_TRIES, USER_AGENT, HttpClient
from impasto.collect.items import RejectedError
from impasto.collect.pages import robots_tags
from impasto.version import __version__


def site(robots: httpx.Response | Exception, seen: list[str]) -> Handle:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        if request.url.path != "/robots.txt":
            return httpx.Response(200, content=b"body")
        if isinstance(robots, Exception):
            raise robots
        return robots

    return handle


CLOSED = "https://a.example/closed/x"


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        (httpx.Response(200, text="User-agent: *\nDisallow: /closed/"), False),
        (httpx.Response(200, text="User-agent: *\nDisallow: /closed/\nAllow: /closed/x"), True),
        (httpx.Response(200, text="User-agent: impasto\nDisallow: /"), False),
        (httpx.Response(200, text="\ufeffUser-agent: *\nDisallow: /"), False),
        (httpx.Response(200, text="User-agent: *\nDisallow: /\nUser-agent: Impasto\nAllow:"), True),
        (httpx.Response(200, text="User-agent: other\nDisallow: /"), True),
        (httpx.Response(200, text="<html>no robots here</html>"), True),
        (httpx.Response(200, content=b"\xff\xfe\x00" * 999), True),
        (httpx.Response(404), True),
        (httpx.Response(403), True),
        (httpx.Response(429), False),
        (httpx.Response(500), False),
        (httpx.Response(503), False),
        (httpx.ConnectError("none"), False),
        (httpx.ReadTimeout("none"), False),
        (httpx.Response(200, text="User-agent: *\nCrawl-delay: 9999"), False),
    ],
)  # fmt: skip
def test_robots(
    robots: httpx.Response | Exception,
    allowed: bool,
    clock: QuickClock,
) -> None:
    seen: list[str] = []
    ask = client(site(robots, seen))
    for _ in range(2):
        if allowed:
            assert ask.body(CLOSED) == b"body"
        else:
            with pytest.raises(RejectedError) as error:
                ask.get(CLOSED)
            assert error.value.reason == "robots"
    # Once for all pages; a busy host and a cut connection have their chances.
    lost = isinstance(robots, httpx.ConnectError) or (
        isinstance(robots, httpx.Response) and robots.status_code in BUSY
    )
    assert seen.count("https://a.example/robots.txt") == (MOST_TRIES if lost else 1)
    assert seen.count(CLOSED) == 2 * allowed


def test_robots_is_asked_of_each_host_that_a_redirect_leads_to(clock: QuickClock) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            closed = request.url.host == "b.example"
            return httpx.Response(200, text="User-agent: *\nDisallow: /" if closed else "")
        return httpx.Response(301, headers={"location": "https://b.example/x"})

    with pytest.raises(RejectedError, match="disallowed"):
        client(handle).get("https://a.example/x")


def test_a_robots_txt_that_leads_inside_is_asked_for_once(clock: QuickClock) -> None:
    seen: list[str] = []
    inside = httpx.Response(302, headers={"location": "http://inside.example/"})
    ask = client(site(inside, seen))
    for number in range(3):
        with pytest.raises(RejectedError, match="which is private") as error:
            ask.get(f"https://a.example/{number}")
        assert error.value.reason == "robots"
    assert seen == ["https://a.example/robots.txt"]


@pytest.mark.parametrize(
    ("robots", "delay", "pause"),
    [("", 1.0, 1.0), ("Crawl-delay: 7", 1.0, 7.0), ("Crawl-delay: 2", 3.0, 3.0),
     ("Request-rate: 1/5", 1.0, 5.0), ("", 0.0, 0.5)],
)  # fmt: skip
def test_the_longer_pause_counts(
    robots: str, delay: float, pause: float, clock: QuickClock
) -> None:
    ask = client(site(httpx.Response(200, text=f"User-agent: *\n{robots}"), []), delay)
    for _ in range(3):
        ask.get("https://a.example/x")
    ask.get("https://b.example/x")
    assert clock.slept[1:3] == [pause, pause]


def test_an_address_that_httpx_does_not_take() -> None:
    with pytest.raises(RejectedError, match="Invalid IPv4") as error:
        normalized("http://010.8.8.8/x")
    assert error.value.reason == "url"


def test_what_comes_after_the_end_of_a_packed_body_counts(clock: QuickClock) -> None:
    sent: list[bytes] = []

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in (gzip.compress(b"body") + b"more", *[bytes(1000)] * 99):
                sent.append(piece)
                yield piece

    packed = {"content-encoding": "gzip"}
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, headers=packed, stream=Endless())
    )
    ask = Client(transport, Guard(resolve=lambda *_: ["8.8.8.8"]), 0.0)
    with pytest.raises(RejectedError, match="more than 1000 bytes"):
        ask.get("https://a.example/x", robots=False)
    assert len(sent) <= 10


def test_it_says_who_it_is_and_what_it_has(clock: QuickClock) -> None:
    assert f"impasto/{__version__} (style transfer toolkit)" == USER_AGENT
    headers: list[httpx.Headers] = []

    def handle(request: httpx.Request) -> httpx.Response:
        headers.append(request.headers)
        cookie = {"etag": '"1"', "set-cookie": "id=1; Path=/"}
        return httpx.Response(304 if "if-none-match" in request.headers else 200, headers=cookie)

    ask = client(handle)
    url = "https://a.example/x"
    assert ask.get(url).headers["etag"] == '"1"'
    assert ask.get(url, {"if-none-match": '"1"'}).status_code == 304
    assert {each["user-agent"] for each in headers} == {USER_AGENT}
    assert not any("cookie" in each or "referer" in each for each in headers)


@pytest.mark.parametrize("waits_for", ["its turn", "a silent server"])
def test_a_stopped_run_waits_no_longer(
    private: Site, waits_for: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.collect.http_client.sleep", anyio.sleep)
    asked, over = threading.Event(), threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> Reply:
        asked.set()
        if waits_for == "a silent server":
            over.wait(20)
        return 200, {}, b"body"

    private.answers["/x"] = answer
    url = f"{private.url}/x"
    with start_blocking_portal() as portal:
        client = HttpClient(Guard([private.url]), 1000.0, 60.0)
        fetch = partial(client.fetch, url, lambda *_: 10, robots=False)
        with portal.wrap_async_context_manager(client):
            fetched = [portal.start_task_soon(fetch) for _ in range(2)]
            assert asked.wait(10)
            began = time.monotonic()
            for future in fetched:
                future.cancel()
    assert time.monotonic() - began < 5
    over.set()


@pytest.mark.parametrize(
    ("tag", "take", "follow"),
    [("", True, True), ("index, follow", True, True), ("NOINDEX", False, True),
     ("nofollow", True, False), ("none", False, False), ("noimageindex", False, True),
     ("noai, noimageai", False, True), ("googlebot: noindex", True, True),
     ("impasto: noindex", False, True), ("other: nofollow, noindex", True, True),
     ("max-image-preview: large", True, True), ("*: none", False, False),
     ("unavailable_after: Wed, 25 Jun 2025 15:00:00 GMT, noindex", False, True),
     ("impasto: max-snippet: 5, noindex", False, True), ("bot: max-snippet:5, none", True, True)],
)  # fmt: skip
def test_robots_tags(tag: str, take: bool, follow: bool) -> None:
    assert robots_tags(tag) == (take, follow)
