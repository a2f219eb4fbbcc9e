"""VideoJob that runs prefetch in threads."""

import threading
import time
from collections.abc import Iterator

import pytest

from impasto.video import prefetch
from impasto.video.prefetch import check_cancelled, prefetched


def test_items_come_in_order() -> None:
    with prefetched(range(100), 3) as items:
        assert list(items) == list(range(100))


def test_an_error_is_raised_where_it_would_have_been() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with prefetched(numbers()) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="broken"):
            next(items)


def test_long_work_within_work_ends_when_the_outermost_block_ends() -> None:
    ended = threading.Event()

    def slow() -> Iterator[int]:
        try:
            yield 1
            for _ in range(600):
                time.sleep(0.05)
                check_cancelled()
        finally:
            ended.set()
        yield 2

    def through() -> Iterator[int]:
        with prefetched(slow()) as items:
            yield from items

    begun = time.monotonic()
    with prefetched(through()) as items:
        assert next(items) == 1
    assert ended.wait(1)
    assert time.monotonic() - begun < 3


def test_work_that_never_asks_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads around it end first, and what they have open is closed."""
    monkeypatch.setattr(prefetch, "_PATIENCE", 1.5)
    closed, free = threading.Event(), threading.Event()

    def slow() -> Iterator[int]:
        yield 1
        free.wait(60)
        yield 2

    def through() -> Iterator[int]:
        try:
            with prefetched(slow()) as items:
                yield from items
        finally:
            closed.set()

    begun = time.monotonic()
    with prefetched(through()) as items:
        assert next(items) == 1
    assert closed.is_set()
    assert time.monotonic() - begun < 3
    free.set()


def test_outside_of_such_threads_all_work_is_wanted() -> None:
    check_cancelled()
