"""Jobs: one at a time, and nobody waits for all the jobs of somebody else."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from impasto.errors import ImpastoError

_LOG = logging.getLogger(__name__)
#: Seconds without anybody looking after which a job ends: its page was closed.
PATIENCE = 20.0
#: Seconds between two looks whether somebody still waits.
_LOOK = 0.5
#: Visitors whose last turn is remembered.
_REMEMBERED = 1000


class BusyError(ImpastoError):
    """Too many jobs wait already."""


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

    @property
    def busy(self) -> bool:
        """Whether somebody has the turn, or waits for it."""
        return self._busy or bool(self._waiting)

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
                    f"the studio is busy: {len(self._waiting)} jobs wait; try again in a minute"
                )
            own = sum(other.who == ticket.who for other in self._waiting)
            if own >= max(1, self.most // 2):
                raise BusyError(f"{own} jobs of yours wait already: try again when one is done")
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


class Job:
    """A run that waits for its turn and then goes through its steps, in a thread of its own.

    It ends when it is done, is stopped, has taken `seconds`, or when nobody has looked for a while.

    Args:
        turns: The line it stands in.
        who: Whose it is.
        steps: What it does, step by step; it is closed where it is ended early.
        seconds: That it may take, once it has its turn.
    """

    def __init__(
        self, turns: Turns, who: str, steps: Callable[[], Iterator[object]], seconds: float
    ) -> None:
        self.error: BaseException | None = None
        self.cut = False
        self.begun: float | None = None
        self._turns, self._steps, self._seconds = turns, steps, seconds
        self._ticket = Ticket(who)
        self._stopped = threading.Event()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def ahead(self) -> int:
        """How many jobs come before this one."""
        return self._turns.ahead(self._ticket)

    @property
    def alive(self) -> bool:
        """Whether it waits or works."""
        return self._thread.is_alive()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    @property
    def wanted(self) -> bool:
        """Whether it has not been stopped, and somebody has looked not long ago."""
        return not self.stopped and time.monotonic() - self._looked < PATIENCE

    def look(self) -> None:
        """Say that somebody still waits for it."""
        self._looked = time.monotonic()

    def stop(self) -> None:
        """End it after the step that it is at."""
        self._stopped.set()

    def join(self, seconds: float) -> None:
        """Wait a while for its end."""
        self._thread.join(seconds)

    def _work(self) -> None:
        try:
            with self._turns.turn(self._ticket, lambda: self.wanted) as has:
                if has and self.wanted:
                    self._run()
        except BaseException as error:
            self.error = error
            if not isinstance(error, ImpastoError):
                _LOG.error("a job failed", exc_info=error)

    def _run(self) -> None:
        self.begun = time.monotonic()
        steps = self._steps()
        try:
            for _ in steps:
                if not self.wanted or time.monotonic() > self.begun + self._seconds:
                    self.cut = True  # whoever ended it
                    return
        finally:
            if isinstance(steps, Generator):
                steps.close()
