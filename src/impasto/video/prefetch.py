"""Work that overlaps: an iterator that runs ahead in a thread of its own."""

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
#: Of a thread that `ahead` began: the events that end it, its own and those of outer blocks.
_THREAD = threading.local()


class Unwanted(Exception):  # noqa: N818
    """What this thread makes is not wanted any more."""


def still_wanted() -> None:
    """Raise `Unwanted` if the block of the `ahead` that began this thread, or one around it, ended.

    Work that takes long asks this now and then, in any thread.
    """
    if any(event.is_set() for event in getattr(_THREAD, "ends", ())):
        raise Unwanted


@contextmanager
def ahead(items: Iterable[T], depth: int = 4) -> Iterator[Iterator[T]]:
    """The same items, made by a thread while others are worked on.

    At most `depth` are made in advance: memory stays bounded. An error that making one raises is
    raised where it would have been. When the block ends, the thread ends after the item that it is
    at, or where that asks `still_wanted`.
    """
    source, end = iter(items), threading.Event()
    ends = (*getattr(_THREAD, "ends", ()), end)

    def make() -> list[T]:
        """Return the next item in a list, which is empty where there is none."""
        _THREAD.ends = ends
        still_wanted()
        return list(islice(source, 1))

    pool = ThreadPoolExecutor(1)
    try:
        made = deque(pool.submit(make) for _ in range(depth))

        def taken() -> Iterator[T]:
            while item := made.popleft().result():
                made.append(pool.submit(make))
                yield from item

        yield taken()
    finally:
        end.set()
        pool.shutdown(cancel_futures=True)
        # What it has open is closed now, not when it happens to be forgotten.
        if isinstance(source, Generator):
            source.close()
