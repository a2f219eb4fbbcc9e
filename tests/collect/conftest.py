from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import impasto as impasto
from tests.collect.server import Site, serving

from impasto.collect.http_client import Request
from impasto.collect.network import Clock


class QuickClock(Clock):
    """A clock that only notes how long it was to wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


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


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[[str], Request]:
    """What makes a request of an address."""
    return lambda url: Request(url, tmp_path / "part", limit=lambda head, type: 1000)
