from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import impasto as impasto
from tests.collect.server import Site, serving

from impasto.collect.asking import Wish
from impasto.collect.pace import Clock


class QuickClock(Clock):
    """A clock that only notes how long it was to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.check()
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
def wish(tmp_path: Path) -> Callable[[str], Wish]:
    """What makes a wish of an address."""
    return lambda url: Wish(url, tmp_path / "part", limit=lambda head, type: 1000)
