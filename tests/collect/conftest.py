from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.cli.conftest import impasto as impasto
from tests.collect.server import Site, serving


class QuickClock:
    """A clock that only notes how long it was to wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "0")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> QuickClock:
    """The clock of all requests."""
    clock = QuickClock()
    monkeypatch.setattr("impasto.collect.http_client.monotonic", clock.now)
    monkeypatch.setattr("impasto.collect.http_client.sleep", clock.sleep)
    return clock


@pytest.fixture
def site() -> Iterator[Site]:
    """A site without anything."""
    with serving(Site()) as site:
        yield site


@pytest.fixture
def private() -> Iterator[Site]:
    """A server that nobody names."""
    with serving(Site()) as site:
        yield site
