"""Work that overlaps: an iterator that runs ahead in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
_END = object()
#: Seconds that a thread is waited for.
_PATIENCE = 5.0
#: Seconds between two looks whether work is still wanted.
_LOOK = 0.1
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
    made: queue.Queue[Any] = queue.Queue(depth)
    left = threading.Event()
    worker = threading.Thread(target=_work, args=(items, made, left), daemon=True)
    worker.start()
    try:
        yield _taken(made)
    finally:
        left.set()
        worker.join(_PATIENCE)


def _taken(made: queue.Queue[Any]) -> Iterator[Any]:
    while True:
        try:
            item, error = made.get(timeout=_LOOK)
        except queue.Empty:
            still_wanted()
            continue
        if error is not None:
            raise error
        if item is _END:
            return
        yield item


def _work(items: Iterable[object], made: queue.Queue[Any], left: threading.Event) -> None:
    """Make items until nobody wants them any more."""
    _THREAD.left = left
    try:
        for item in items:
            if not _put((item, None), made, left):
                return
        _put((_END, None), made, left)
    except BaseException as error:
        _put((_END, error), made, left)
    finally:
        # What it has open is closed now, not when it happens to be forgotten.
        if isinstance(items, Generator):
            items.close()


def _put(item: object, made: queue.Queue[Any], left: threading.Event) -> bool:
    """Wait until there is room, and tell whether the item is still wanted."""
    while not left.is_set():
        try:
            made.put(item, timeout=_LOOK)
        except queue.Full:
            continue
        return True
    return False
