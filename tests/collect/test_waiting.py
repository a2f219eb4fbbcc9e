"""Turns, and hosts that are busy."""

from __future__ import annotations

import httpx
import pytest
from tests.collect.conftest import QuickClock
from tests.collect.hosts import client

from impasto.collect.http_client import retry_after
from impasto.collect.items import RejectedError


def test_turns_are_of_each_host(clock: QuickClock) -> None:
    ask = client(lambda request: httpx.Response(200), delay=2.0)
    for host in "abaab":
        ask.get(f"https://{host}.example/", robots=False)
    assert clock.slept == [2.0, 2.0]


def test_a_busy_server_is_asked_again_later(clock: QuickClock) -> None:
    answers = [
        httpx.Response(404),
        httpx.Response(429, headers={"retry-after": "7"}),
        httpx.Response(503),
        httpx.Response(200, content=b"at last"),
    ]
    ask = client(lambda request: answers.pop(0))
    assert ask.body("https://a.example/x") == b"at last"
    assert clock.slept == [1.0, 7.0, 2.0]


@pytest.mark.parametrize(("header", "tries"), [("5", 4), ("100", 2), ("1000", 1), (None, 4)])
def test_but_not_for_ever(header: str | None, tries: int, clock: QuickClock) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        headers = {} if header is None else {"retry-after": header}
        return httpx.Response(404 if "robots" in request.url.path else 503, headers=headers)

    with pytest.raises(RejectedError) as error:
        client(handle).get("https://a.example/x")
    assert error.value.reason == "busy"
    assert seen.count("/x") == tries
    assert sum(clock.slept) <= 125


def test_a_host_that_asks_for_long_is_left_alone_with_all_its_addresses(clock: QuickClock) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.url.host}{request.url.path}")
        if seen[-1] == "a.example/x":
            return httpx.Response(429, headers={"retry-after": "600"})
        return httpx.Response(404 if "robots" in request.url.path else 200, content=b"body")

    ask = client(handle)
    with pytest.raises(RejectedError, match="answers 429 and asks for 600 seconds"):
        ask.get("https://a.example/x")
    with pytest.raises(RejectedError, match="left alone for 600 seconds") as error:
        ask.get("https://a.example/y")
    assert error.value.reason == "busy"
    assert ask.body("https://b.example/y") == b"body"
    assert "a.example/y" not in seen
    clock.time += 600
    assert ask.body("https://a.example/y") == b"body"


def test_when_all_tries_were_in_vain_the_next_address_waits(clock: QuickClock) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        busy = {"retry-after": "30"} if request.url.path == "/x" else {}
        return httpx.Response(503 if busy else 200, headers=busy)

    ask = client(handle)
    with pytest.raises(RejectedError):
        ask.get("https://a.example/x")
    clock.slept.clear()
    ask.get("https://a.example/y")
    assert clock.slept == [30.0]


def test_a_cut_connection_is_tried_again(clock: QuickClock) -> None:
    tried: list[int] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if "robots" in request.url.path:
            return httpx.Response(404)
        tried.append(1)
        if len(tried) < 3:
            raise httpx.ReadError("cut")
        return httpx.Response(200, content=b"whole")

    assert client(handle).body("https://a.example/x") == b"whole"


def test_dates_and_nonsense_in_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 86400 - 5)
    assert retry_after("12") == 12
    assert retry_after("Fri, 02 Jan 1970 00:00:00 GMT") == 5
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    for text in (None, "", "soon", "-3", "1.5"):
        assert retry_after(text) is None
