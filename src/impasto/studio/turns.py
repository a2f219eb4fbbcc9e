"""Who is next: one work at a time, and nobody waits for all the works of somebody else."""

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
    """Too many works wait already."""


@dataclass(eq=False)
class Ticket:
    """A place in the line.

    Attributes:
        who: Whose.
        number: Counted up: earlier ones are smaller.
    """

    who: str
    number: int = 0


class Turns:
    """A line in which whoever has had no turn for longest is next.

    Args:
        most: How many may wait; of one visitor, half as many.
    """

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
        """Wait for the turn, and hold it for the block.

        Args:
            ticket: A new one.
            wanted: Asked now and then whether it is still waited for.

        Yields:
            Whether it is the ticket's turn; not, if it was not wanted any more.

        Raises:
            BusyError: Too many wait, or the line is closed.
        """
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
