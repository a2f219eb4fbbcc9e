"""Turns: one job at a time, and nobody waits for all the jobs of somebody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from impasto.errors import ImpastoError

#: Seconds between two looks whether somebody still waits.
_LOOK = 0.5
#: Visitors whose last turn is remembered.
_REMEMBERED = 1000


class BusyError(ImpastoError):
    """Too many jobs wait already."""

    status = 429


@dataclass(eq=False)
class Ticket:
    """A place in the line; `wanted` tells again and again whether it still is."""

    who: str
    wanted: Callable[[], bool] = lambda: True
    number: int = 0


class Turns:
    """A line of at most `most`, half of it one visitor's; who had no turn for longest is next.

    `at_once` have the turn at the same time.
    """

    def __init__(self, most: int, at_once: int = 1) -> None:
        self.most, self._at_once = most, at_once
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._busy, self._closed = 0, False
        self._count = self._begun = 0
        self._served: dict[str, int] = {}

    @property
    def busy(self) -> bool:
        """Whether somebody has the turn, or waits for it."""
        return bool(self._busy or self._waiting)

    def close(self) -> None:
        """Give nobody the turn any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def ahead(self, ticket: Ticket) -> int:
        """Return how many come before a ticket, the one who has the turn included."""
        with self._changed:
            line = sorted(self._waiting, key=self._rank)
            return line.index(ticket) + self._busy if ticket in line else 0

    @contextmanager
    def turn(self, ticket: Ticket) -> Iterator[bool]:
        """Wait for the turn, hold it for the block, and yield whether it came; or BusyError.

        It does not come where the ticket is not wanted any more.
        """
        has = self._waited(ticket)
        try:
            yield has
        finally:
            with self._changed:
                self._busy -= has
                self._changed.notify_all()

    def _waited(self, ticket: Ticket) -> bool:
        with self._changed:
            self._line_up(ticket)
            try:
                while not self._closed and ticket.wanted():
                    if self._busy < self._at_once and min(self._waiting, key=self._rank) is ticket:
                        self._serve(ticket.who)
                        return True
                    self._changed.wait(_LOOK)
            finally:
                self._waiting.remove(ticket)
            if self._closed:
                raise BusyError("the studio is closing")
            return False

    def _line_up(self, ticket: Ticket) -> None:
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

    def _serve(self, who: str) -> None:
        self._busy += 1
        self._begun += 1
        self._served.pop(who, None)
        self._served[who] = self._begun
        if len(self._served) > _REMEMBERED:
            del self._served[next(iter(self._served))]

    def _rank(self, ticket: Ticket) -> tuple[int, int]:
        return self._served.get(ticket.who, 0), ticket.number
