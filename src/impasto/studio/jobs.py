"""Work that goes on in a thread while a page shows how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

from impasto.studio.turns import Ticket, Turns

T = TypeVar("T")
#: Seconds without anybody looking after which a work ends: its page was closed.
PATIENCE = 20.0


class Job(Generic[T]):
    """One work: it waits for its turn, works, and keeps the last item that it has made.

    It ends when it is done, is stopped, has taken too long, or when nobody watches any more.

    Args:
        turns: The line to wait in.
        who: Whose work it is.
        items: What to do when the turn has come; each item is a better result than the one before.
        seconds: That it may take.

    Attributes:
        latest: The last item, None before the first.
        made: How many items there have been.
    """

    def __init__(
        self, turns: Turns, who: str, items: Callable[[], Iterator[T]], seconds: float
    ) -> None:
        self.latest: T | None = None
        self.made = 0
        self._turns, self._items, self._seconds = turns, items, seconds
        self._ticket = Ticket(who)
        self._error: BaseException | None = None
        self._stopped = threading.Event()
        self._changed = threading.Event()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def ahead(self) -> int:
        """How many works come before this one."""
        return self._turns.ahead(self._ticket)

    def stop(self) -> None:
        """End it after the item that it is at; `latest` stays."""
        self._stopped.set()

    def watch(self, every: float) -> Iterator[None]:
        """Yield now and then until the work has ended.

        Args:
            every: Seconds between two looks, at least; sooner for the first item.

        Raises:
            ImpastoError: What the work has raised before it had made anything.
        """
        while self._thread.is_alive():
            self._looked = time.monotonic()
            self._changed.wait(every)
            self._changed.clear()
            yield
            self._thread.join(0 if self.made <= 1 else every / 2)
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            with self._turns.turn(self._ticket, self._wanted) as has:
                if has and self._wanted():
                    self._run()
        except BaseException as error:
            self._error = error
        finally:
            self._changed.set()

    def _run(self) -> None:
        end = time.monotonic() + self._seconds
        items = self._items()
        try:
            for self.latest in items:
                self.made += 1
                if self.made == 1:
                    self._changed.set()
                if not self._wanted() or time.monotonic() > end:
                    return
        finally:
            if isinstance(items, Generator):
                items.close()

    def _wanted(self) -> bool:
        return not self._stopped.is_set() and time.monotonic() - self._looked < PATIENCE
