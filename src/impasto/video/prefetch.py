"""Work that overlaps: an iterator that runs ahead in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")
#: Seconds that a thread is waited for, and those between two looks whether work is still wanted.
_PATIENCE, _LOOK = 5.0, 0.1
#: Of a thread that `ahead` began: the event that ends it.
_THREAD = threading.local()


class Unwanted(Exception):  # noqa: N818
    """What this thread makes is not wanted any more."""


def still_wanted() -> None:
    """Tell work that takes long whether to go on; for any thread.

    Raises:
        Unwanted: The block of the `ahead` that began this thread has ended.
    """
    left: threading.Event | None = getattr(_THREAD, "left", None)
    if left is not None and left.is_set():
        raise Unwanted


@contextmanager
def ahead(items: Iterable[T], depth: int = 4) -> Iterator[Iterator[T]]:
    """The same items, made by a thread while others are worked on.

    An error that making one raises is raised where it would have been. When the block ends, the
    thread ends after the item that it is at, or where that asks `still_wanted`.

    Args:
        items: What is run through.
        depth: How many are made in advance, at most: memory stays bounded.

    Yields:
        An iterator of them.
    """
    # Whether it is an item, and the item; or what ended them: an error, or None.
    made: queue.Queue[tuple[bool, Any]] = queue.Queue(depth)
    left = threading.Event()

    def work() -> None:
        _THREAD.left = left
        with suppress(Unwanted):
            try:
                for item in items:
                    _wait(made.put, (True, item))
                _wait(made.put, (False, None))
            except BaseException as error:
                _wait(made.put, (False, error))
            finally:
                # What it has open is closed now, not when it happens to be forgotten.
                if isinstance(items, Generator):
                    items.close()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        yield _taken(made)
    finally:
        left.set()
        worker.join(_PATIENCE)


def _taken(made: queue.Queue[tuple[bool, Any]]) -> Iterator[Any]:
    more, item = _wait(made.get)
    while more:
        yield item
        more, item = _wait(made.get)
    if item is not None:
        raise item


def _wait(step: Callable[..., T], *entry: object) -> T:
    """Put an entry into a queue, or get one, as soon as there is one and while it is wanted."""
    while True:
        still_wanted()
        with suppress(queue.Empty, queue.Full):
            return step(*entry, timeout=_LOOK)
