"""Turns: one job at a time, and nobody waits for all the jobs of somebody else."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from impasto.errors import ImpastoError

#: Visitors whose last turn is remembered.
_REMEMBERED = 1000
_CLOSING = "the studio is closing"
T = TypeVar("T")


class BusyError(ImpastoError):
    """Too many jobs wait already."""

    status = 429


class UnwantedError(BusyError):
    """Nobody wants the job any more."""


class Job(Future[T]):
    """Something to do when it is somebody's turn, if it is still wanted then."""

    def __init__(self, who: str, act: Callable[[], T], wanted: Callable[[], bool]) -> None:
        super().__init__()
        self.who, self.act, self.wanted, self.number = who, act, wanted, 0


class Turns:
    """A line of at most `most` jobs, half of it one visitor's; who had no turn for longest is next.

    Threads do `at_once` of them at the same time.
    """

    def __init__(self, most: int, at_once: int = 1) -> None:
        self._most, self._busy, self._closed = most, 0, False
        self._changed = threading.Condition()
        self._waiting: list[Job[Any]] = []
        self._numbers = itertools.count(1)
        self._served: dict[str, int] = {}
        self._idle: Iterator[Callable[[], object]] = iter(())
        for _ in range(at_once):
            threading.Thread(target=self._work, daemon=True).start()

    @property
    def busy(self) -> bool:
        """Whether a job is being done, or waits."""
        return bool(self._busy or self._waiting)

    def submit(
        self, who: str, act: Callable[[], T], wanted: Callable[[], bool] = lambda: True
    ) -> Job[T]:
        """Line up a job; BusyError: too many wait. A job that is dropped raises one, too."""
        job = Job(who, act, wanted)
        with self._changed:
            self.drop_unwanted()
            own = sum(other.who == who for other in self._waiting)
            if self._closed:
                raise BusyError(_CLOSING)
            if len(self._waiting) >= self._most:
                waiting = f"{len(self._waiting)} jobs wait"
                raise BusyError(f"the studio is busy: {waiting}; try again in a minute")
            if own >= max(1, self._most // 2):
                raise BusyError(f"{own} jobs of yours wait already: try again when one is done")
            job.number = next(self._numbers)
            self._waiting.append(job)
            self._changed.notify()
        return job

    def when_idle(self, acts: Iterable[Callable[[], object]]) -> None:
        """Do these one by one whenever nothing waits, in place of those said before."""
        with self._changed:
            self._idle = iter(acts)
            self._changed.notify()

    def ahead(self, job: Job[Any]) -> int:
        """Return how many come before a job, those being done included."""
        with self._changed:
            self.drop_unwanted()
            line = sorted(self._waiting, key=self._rank)
            return line.index(job) + self._busy if job in line else 0

    def drop_unwanted(self) -> None:
        """Drop the jobs that wait and are not wanted any more."""
        with self._changed:
            for job in [each for each in self._waiting if self._closed or not each.wanted()]:
                self._waiting.remove(job)
                newer = UnwantedError("something newer has taken the place of this")
                job.set_exception(BusyError(_CLOSING) if self._closed else newer)

    def close(self) -> None:
        """Drop all jobs that wait, and begin no more."""
        with self._changed:
            self._closed = True
            self.drop_unwanted()
            self._changed.notify_all()

    def _work(self) -> None:
        while job := self._next():
            try:
                job.set_result(job.act())
            except BaseException as error:
                job.set_exception(error)
            del job  # with all that it holds
            with self._changed:
                self._busy -= 1

    def _next(self) -> Job[Any] | None:
        with self._changed:
            while not self._closed:
                self.drop_unwanted()
                if not self._waiting and (act := next(self._idle, None)):
                    self._waiting.append(Job("", act, lambda: True))
                if self._waiting:
                    job = min(self._waiting, key=self._rank)
                    self._waiting.remove(job)
                    self._busy += 1
                    self._served.pop(job.who, None)
                    self._served[job.who] = next(self._numbers)
                    if len(self._served) > _REMEMBERED:
                        del self._served[next(iter(self._served))]
                    return job
                self._changed.wait()
        return None

    def _rank(self, job: Job[Any]) -> tuple[int, int]:
        return self._served.get(job.who, 0), job.number
