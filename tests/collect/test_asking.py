"""Manners: robots.txt, turns, pauses, conditions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from tests.collect.conftest import QuickClock
from tests.collect.server import Site

from impasto.collect.asking import BUSY, MOST_TRIES, Answer, Asker, Wish
from impasto.collect.guard import USER_AGENT, Guard, fetch_public
from impasto.collect.pace import Clock, Pace, StoppedError, retry_after
from impasto.collect.refusals import RefusalError
from impasto.collect.robots import may_follow, may_take, tag_words
from impasto.errors import CollectError
from impasto.version import __version__

Handle = Callable[[httpx.Request], httpx.Response]
Ask = Callable[..., Answer]


def asker(handle: Handle, clock: Clock, delay: float = 1.0) -> Asker:
    guard = Guard(resolve=lambda host, port: ["10.0.0.1" if "inside" in host else "93.184.215.14"])

    def streamed(request: httpx.Request) -> httpx.Response:
        made = handle(request)
        stream = httpx.ByteStream(made.content)
        return httpx.Response(made.status_code, headers=made.headers, stream=stream)

    return Asker(guard, delay, 30.0, clock, httpx.MockTransport(streamed))


@pytest.fixture
def wish(tmp_path: Path) -> Callable[[str], Wish]:
    return lambda url: Wish(url, tmp_path / "part", limit=lambda head, type: 1000)


def site(robots: httpx.Response | Exception, seen: list[str]) -> Handle:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        if request.url.path != "/robots.txt":
            return httpx.Response(200, content=b"body")
        if isinstance(robots, Exception):
            raise robots
        return robots

    return handle


WISHED = "https://a.example/closed/x"


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
    wish: Callable[[str], Wish],
) -> None:
    seen: list[str] = []
    ask = asker(site(robots, seen), clock)
    for _ in range(2):
        if allowed:
            assert ask.get(wish(WISHED)).bytes == 4
        else:
            with pytest.raises(RefusalError) as error:
                ask.get(wish(WISHED))
            assert error.value.reason == "robots"
    # Once for all pages; a busy host and a cut connection have their chances.
    lost = isinstance(robots, httpx.ConnectError) or (
        isinstance(robots, httpx.Response) and robots.status_code in BUSY
    )
    assert seen.count("https://a.example/robots.txt") == (MOST_TRIES if lost else 1)
    assert seen.count(WISHED) == 2 * allowed


def test_robots_is_asked_of_each_host_that_a_redirect_leads_to(
    clock: QuickClock, wish: Callable[[str], Wish]
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            closed = request.url.host == "b.example"
            return httpx.Response(200, text="User-agent: *\nDisallow: /" if closed else "")
        return httpx.Response(301, headers={"location": "https://b.example/x"})

    with pytest.raises(RefusalError, match="disallowed"):
        asker(handle, clock).get(wish("https://a.example/x"))


def test_a_robots_txt_that_leads_inside_is_asked_for_once(
    clock: QuickClock, wish: Callable[[str], Wish]
) -> None:
    seen: list[str] = []
    inside = httpx.Response(302, headers={"location": "http://inside.example/"})
    ask = asker(site(inside, seen), clock)
    for number in range(3):
        with pytest.raises(RefusalError, match="which is private") as error:
            ask.get(wish(f"https://a.example/{number}"))
        assert error.value.reason == "robots"
    assert seen == ["https://a.example/robots.txt"]


@pytest.mark.parametrize(
    ("robots", "delay", "pause"),
    [("", 1.0, 1.0), ("Crawl-delay: 7", 1.0, 7.0), ("Crawl-delay: 2", 3.0, 3.0),
     ("Request-rate: 1/5", 1.0, 5.0), ("", 0.0, 0.5)],
)  # fmt: skip
def test_the_longer_pause_counts(
    robots: str, delay: float, pause: float, clock: QuickClock, wish: Callable[[str], Wish]
) -> None:
    ask = asker(site(httpx.Response(200, text=f"User-agent: *\n{robots}"), []), clock, delay)
    for _ in range(3):
        ask.get(wish("https://a.example/x"))
    ask.get(wish("https://b.example/x"))
    assert clock.slept[1:3] == [pause, pause]


def test_turns_are_of_each_host(clock: QuickClock) -> None:
    pace = Pace(clock)
    for host in ("a", "b", "a", "a", "b"):
        pace.wait(host, 2.0)
    assert clock.slept == [2.0, 2.0]
    pace.rest("b", 30.0)
    pace.wait("b", 2.0)
    assert clock.slept[2:] == [30.0]


def test_a_busy_server_is_asked_again_later(clock: QuickClock, wish: Callable[[str], Wish]) -> None:
    answers = [
        httpx.Response(404),
        httpx.Response(429, headers={"retry-after": "7"}),
        httpx.Response(503),
        httpx.Response(200, content=b"at last"),
    ]
    found = asker(lambda request: answers.pop(0), clock).get(wish("https://a.example/x"))
    assert found.path.read_bytes() == b"at last"
    assert clock.slept == [1.0, 7.0, 2.0]


@pytest.mark.parametrize(("header", "tries"), [("5", 4), ("100", 2), ("1000", 1), (None, 4)])
def test_but_not_for_ever(
    header: str | None, tries: int, clock: QuickClock, wish: Callable[[str], Wish]
) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        headers = {} if header is None else {"retry-after": header}
        return httpx.Response(404 if "robots" in request.url.path else 503, headers=headers)

    with pytest.raises(RefusalError) as error:
        asker(handle, clock).get(wish("https://a.example/x"))
    assert error.value.reason == "busy"
    assert seen.count("/x") == tries
    assert sum(clock.slept) <= 125


def test_a_host_that_asks_for_long_is_left_alone_with_all_its_addresses(
    clock: QuickClock, wish: Callable[[str], Wish]
) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.url.host}{request.url.path}")
        if seen[-1] == "a.example/x":
            return httpx.Response(429, headers={"retry-after": "600"})
        return httpx.Response(404 if "robots" in request.url.path else 200, content=b"body")

    ask = asker(handle, clock)
    with pytest.raises(RefusalError, match="answers 429 and asks for 600 seconds"):
        ask.get(wish("https://a.example/x"))
    with pytest.raises(RefusalError, match="left alone for 600 seconds") as error:
        ask.get(wish("https://a.example/y"))
    assert error.value.reason == "busy"
    assert ask.get(wish("https://b.example/y")).bytes == 4
    assert "a.example/y" not in seen
    clock.time += 600
    assert ask.get(wish("https://a.example/y")).bytes == 4


def test_when_all_tries_were_in_vain_the_next_address_waits(
    clock: QuickClock, wish: Callable[[str], Wish]
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        busy = {"retry-after": "30"} if request.url.path == "/x" else {}
        return httpx.Response(503 if busy else 200, headers=busy)

    ask = asker(handle, clock)
    with pytest.raises(RefusalError):
        ask.get(wish("https://a.example/x"))
    clock.slept.clear()
    ask.get(wish("https://a.example/y"))
    assert clock.slept == [30.0]


def test_a_cut_connection_is_tried_again(clock: QuickClock, wish: Callable[[str], Wish]) -> None:
    tried: list[int] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if "robots" in request.url.path:
            return httpx.Response(404)
        tried.append(1)
        if len(tried) < 3:
            raise httpx.ReadError("cut")
        return httpx.Response(200, content=b"whole")

    assert asker(handle, clock).get(wish("https://a.example/x")).bytes == 5


def test_an_address_that_httpx_does_not_take(
    clock: QuickClock, wish: Callable[[str], Wish]
) -> None:
    ask = asker(lambda request: httpx.Response(404), clock)
    with pytest.raises(RefusalError, match="Invalid IPv4") as error:
        ask.get(Wish("http://010.8.8.8/x", wish("").target, lambda *_: 10, robots=False))
    assert error.value.reason == "url"
    with pytest.raises(CollectError, match="cannot be fetched: Invalid IPv4"):
        fetch_public("http://010.8.8.8/x", 10, guard=Guard(resolve=lambda *_: ["8.8.8.8"]))


def test_dates_and_nonsense_in_retry_after() -> None:
    assert retry_after("12") == 12
    assert retry_after("Fri, 02 Jan 1970 00:00:00 GMT", 86400 - 5) == 5
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT", 86400) == 0
    for text in (None, "", "soon", "-3", "1.5"):
        assert retry_after(text) is None


def test_it_says_who_it_is_and_what_it_has(
    clock: QuickClock, wish: Callable[[str], Wish], tmp_path: Path
) -> None:
    assert f"impasto/{__version__} (style transfer toolkit)" == USER_AGENT
    headers: list[httpx.Headers] = []

    def handle(request: httpx.Request) -> httpx.Response:
        headers.append(request.headers)
        cookie = {"etag": '"1"', "set-cookie": "id=1; Path=/"}
        return httpx.Response(304 if "if-none-match" in request.headers else 200, headers=cookie)

    ask = asker(handle, clock)
    url = "https://a.example/x"
    assert ask.get(wish(url)).etag == '"1"'
    again = Wish(url, tmp_path / "part", lambda *_: 10, conditions={"if-none-match": '"1"'})
    assert ask.get(again).status == 304
    assert {each["user-agent"] for each in headers} == {USER_AGENT}
    assert not any("cookie" in each or "referer" in each for each in headers)


def test_a_stopped_run_waits_no_longer() -> None:
    clock = Clock()
    clock.stop()
    with pytest.raises(StoppedError):
        clock.sleep(1000)


def test_a_stopped_run_leaves_a_silent_server(private: Site, tmp_path: Path) -> None:
    silent, over = threading.Event(), threading.Event()

    def say_nothing(handler: BaseHTTPRequestHandler) -> None:
        silent.set()
        over.wait(20)

    def ask() -> None:
        with pytest.raises(StoppedError):
            asking.get(Wish(f"{private.url}/x", tmp_path / "part", lambda *_: 10, robots=False))

    private.answers["/x"] = say_nothing
    clock = Clock()
    asking = Asker(Guard([private.url]), 0.0, 60.0, clock)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(ask)
        assert silent.wait(10)
        clock.stop()
        began = time.monotonic()
        asked.result()
        assert time.monotonic() - began < 5
        over.set()
    asking.close()


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
    words = tag_words(tag)
    assert (may_take(words), may_follow(words)) == (take, follow)
