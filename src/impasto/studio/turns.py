"""Works: one at a time, and nobody waits for all the works of somebody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from impasto.errors import ImpastoError

T = TypeVar("T")
#: Seconds without anybody looking after which a work ends: its page was closed.
PATIENCE = 20.0
#: Seconds between two looks whether somebody still waits.
_LOOK = 0.5
#: Visitors whose last turn is remembered.
_REMEMBERED = 1000


class BusyError(ImpastoError):
    """Too many works wait already."""


@dataclass(eq=False)
class Ticket:
    """A place in the line."""

    who: str
    number: int = 0


class Turns:
    """A line of at most `most`, half of it one visitor's; who had no turn for longest is next."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._busy = self._closed = False
        self._count = self._begun = 0
        self._served: dict[str, int] = {}

    def close(self, seconds: float) -> None:
        """Give nobody the turn any more, and wait a while for whoever has it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._busy, seconds)

    def ahead(self, ticket: Ticket) -> int:
        """Return how many come before a ticket, the one who has the turn included."""
        with self._changed:
            line = sorted(self._waiting, key=self._rank)
            return line.index(ticket) + self._busy if ticket in line else 0

    @contextmanager
    def turn(self, ticket: Ticket, wanted: Callable[[], bool] = lambda: True) -> Iterator[bool]:
        """Wait for the turn, hold it for the block, yield whether it came; or BusyError."""
        has = self._taken(ticket, wanted)
        try:
            yield has
        finally:
            if has:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _taken(self, ticket: Ticket, wanted: Callable[[], bool]) -> bool:
        with self._changed:
            if len(self._waiting) >= self.most:
                raise BusyError(
                    f"the studio is busy: {len(self._waiting)} works wait; try again in a minute"
                )
            own = sum(other.who == ticket.who for other in self._waiting)
            if own >= max(1, self.most // 2):
                raise BusyError(f"{own} works of yours wait already: try again when one is done")
            self._count += 1
            ticket.number = self._count
            self._waiting.append(ticket)
            try:
                while self._closed or not self._is_next(ticket):
                    if self._closed:
                        raise BusyError("the studio is closing")
                    if not wanted():
                        return False
                    self._changed.wait(_LOOK)
                self._busy = True
                self._served.pop(ticket.who, None)
                self._begun += 1
                self._served[ticket.who] = self._begun
                if len(self._served) > _REMEMBERED:
                    del self._served[next(iter(self._served))]
                return True
            finally:
                self._waiting.remove(ticket)

    def _is_next(self, ticket: Ticket) -> bool:
        return not self._busy and min(self._waiting, key=self._rank) is ticket

    def _rank(self, ticket: Ticket) -> tuple[int, int]:
        return self._served.get(ticket.who, 0), ticket.number


class Job(Generic[T]):
    """One work: it waits for its turn, works, and keeps the last item (`latest`) that it has made.

    Each of its `items` is a better result than the one before. It ends when it is done, is stopped,
    has taken `seconds`, or when nobody watches any more.
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
