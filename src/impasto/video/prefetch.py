"""Work that overlaps: an iterator that runs ahead in a thread of its own."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
#: Seconds that a thread is waited for, less one for each around it; seconds between two checks of
#: whether its work is cancelled.
_PATIENCE, _LOOK = 6.0, 0.1
#: Of a thread that `prefetched` began: the events that end it, its own and those of outer blocks.
_THREAD = threading.local()


class Cancelled(Exception):  # noqa: N818
    """What this thread makes is not needed any more."""


def check_cancelled() -> None:
    """Raise `Cancelled` if the `prefetched` block that began this thread, or one around it, ended.

    Work that takes long asks this now and then, in any thread.
    """
    if any(event.is_set() for event in getattr(_THREAD, "ends", ())):
        raise Cancelled


@contextmanager
def prefetched(items: Iterable[T], depth: int = 4) -> Iterator[Iterator[T]]:
    """The same items, made by a thread while others are worked on.

    At most `depth` are made in advance: memory stays bounded. An error that making one raises is
    raised where it would have been. When the block ends, the thread ends after the item that it is
    at, or where that asks `check_cancelled`; after some seconds it is not waited for any more.
    """
    source, end = iter(items), threading.Event()
    outer = getattr(_THREAD, "ends", ())

    def make() -> list[T]:
        """Return the next item in a list, which is empty where there is none."""
        _THREAD.ends = (*outer, end)
        check_cancelled()
        return list(islice(source, 1))

    pool = ThreadPoolExecutor(1)
    try:
        made = deque(pool.submit(make) for _ in range(depth))

        def taken() -> Iterator[T]:
            while item := _result(made.popleft()):
                made.append(pool.submit(make))
                yield from item

        yield taken()
    finally:
        end.set()
        # What a generator has open is closed now, not when it is garbage collected.
        closing = pool.submit(getattr(source, "close", lambda: None))
        pool.shutdown(wait=False)
        wait([closing], _PATIENCE - len(outer))


def in_thread(work: Callable[[], T]) -> T:
    """Return what work in a thread returns; Ctrl-C waits for it as `prefetched` does."""
    with prefetched((work() for _ in range(1)), 1) as made:
        return next(made)


def _result(future: Future[T]) -> T:
    """Return what a thread makes, as soon as it is there, unless it is cancelled."""
    while not wait([future], _LOOK).done:
        check_cancelled()
    return future.result()
