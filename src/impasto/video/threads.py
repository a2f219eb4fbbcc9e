"""Work that overlaps: an iterator that runs ahead in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterable[T], depth: int = 4) -> Iterator[T]:
    """Yield the same items, made by a thread while others are worked on.

    An error that making one raises is raised where it would have been. When the loop over the
    result is left, the thread ends after the item that it is at.

    Args:
        items: What is run through.
        depth: How many are made in advance, at most: memory stays bounded.
    """
    made: queue.Queue[Any] = queue.Queue(depth)
    left = threading.Event()
    worker = threading.Thread(target=_work, args=(items, made, left), daemon=True)
    worker.start()
    try:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        left.set()
        worker.join()


def _work(items: Iterable[object], made: queue.Queue[Any], left: threading.Event) -> None:
    """Make items until nobody wants them any more."""
    try:
        for item in items:
            if not _put((item, None), made, left):
                return
        _put((_END, None), made, left)
    except BaseException as error:
        _put((_END, error), made, left)


def _put(item: object, made: queue.Queue[Any], left: threading.Event) -> bool:
    """Wait until there is room, and tell whether the item is still wanted."""
    while not left.is_set():
        try:
            made.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
