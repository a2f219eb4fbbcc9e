"""Runs by id: what each makes, how far it is, and what it has made, for a while."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.studio.engine import Engine
from impasto.studio.files import GoneError, LimitError
from impasto.studio.turns import Job
from impasto.studio.works import Work

#: States in which nothing more happens.
ENDED = ("done", "stopped", "failed")
#: Runs of a visitor that are remembered, and that may wait or work at once.
_MOST, _MOST_ALIVE = 60, 16


@dataclass
class StudioRun:
    """A run of a visitor."""

    id: str
    visitor: str
    who: str
    work: Work
    job: Job
    used: float = field(default_factory=time.monotonic)

    def state(self) -> str:
        """Return where it is: waiting, running, done, stopped or failed."""
        if self.job.alive:
            return "waiting" if self.job.begun is None else "running"
        if self.job.error is not None and self.work.result is None:
            return "failed"
        return "stopped" if self.job.cut or self.job.begun is None else "done"

    def described(self) -> dict[str, Any]:
        """Return what its visitor is told of it, and remember that somebody looks."""
        self.job.look()
        self.used = time.monotonic()
        work, state, address = self.work, self.state(), f"api/runs/{self.id}"
        ahead, left = self.job.ahead, self._seconds_left(state)
        return {
            "id": self.id,
            "kind": work.kind,
            "state": state,
            "ahead": ahead,
            "done": work.done,
            "total": work.total,
            "fraction": 1.0 if state == "done" else work.fraction,
            "seconds_left": left,
            "message": self._message(state, ahead, left),
            "preview": f"{address}/preview?{work.done}" if work.done else None,
            "result": f"{address}/result" if state in ENDED and work.result else None,
            "result_type": work.type if state in ENDED and work.result else None,
            "items": [self._item(number, each) for number, each in enumerate(list(work.items))],
            **work.facts,
        }

    def _item(self, number: int, item: dict[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in item.items() if name != "path"}
        if "path" in item:
            address = f"api/runs/{self.id}/items/{number}"
            said |= {"picture": address, "thumbnail": f"{address}/thumbnail"}
        return said

    def _seconds_left(self, state: str) -> float | None:
        fraction, begun = self.work.fraction, self.job.begun
        if state != "running" or not fraction or begun is None:
            return None
        return round((time.monotonic() - begun) * (1 - fraction) / fraction, 1)

    def _message(self, state: str, ahead: int, left: float | None) -> str:
        if state == "waiting":
            return f"{ahead} ahead of you" if ahead else "Starting"
        if state == "running":
            return "Starting" if left is None else f"{max(1, round(left))} s left"
        if state == "failed":
            return said_of(self.job.error)
        return {"done": "Done", "stopped": "Stopped"}[state]


class Runs:
    """The runs of all visitors.

    Args:
        engine: What paints.
        folder: Where results are put.
        lasting: Seconds that a result is kept after it was last looked at.
    """

    def __init__(self, engine: Engine, folder: Path, lasting: float) -> None:
        self._engine, self._folder, self._lasting = engine, folder, lasting
        self._runs: dict[str, StudioRun] = {}
        self._lock = threading.Lock()

    def start(self, visitor: str, who: str, make: Callable[[Path], Work]) -> StudioRun:
        """Begin a run.

        Args:
            visitor: Whose it is.
            who: Whose turn it takes.
            make: Makes the work, of the folder that its results go to.

        Raises:
            LimitError: This visitor has too many.
            ImpastoError: What `make` raises.
        """
        self._sweep()
        own = [run for run in list(self._runs.values()) if run.who == who]
        if len(own) >= _MOST or sum(run.job.alive for run in own) >= _MOST_ALIVE:
            raise LimitError("you have too many jobs here: wait until one is done, or delete some")
        id = secrets.token_urlsafe(16)
        folder = self._folder / "runs" / id
        folder.mkdir(parents=True)
        try:
            work = make(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        run = StudioRun(id, visitor, who, work, self._engine.start(who, work.steps))
        with self._lock:
            self._runs[id] = run
        return run

    def get(self, visitor: str, id: str) -> StudioRun:
        """Return a visitor's run, or raise GoneError."""
        run = self._runs.get(id)
        if run is None or run.visitor != visitor:
            raise GoneError("this job is not here any more: start it again")
        return run

    def delete(self, visitor: str, id: str) -> None:
        """Stop and delete a visitor's run, or raise GoneError."""
        self._remove(self.get(visitor, id))

    def close(self, seconds: float) -> None:
        """End all runs."""
        for run in list(self._runs.values()):
            run.job.stop()
        self._engine.turns.close(seconds)

    def _sweep(self) -> None:
        end = time.monotonic() - self._lasting
        for run in [r for r in list(self._runs.values()) if r.used < end and not r.job.alive]:
            self._remove(run)

    def _remove(self, run: StudioRun) -> None:
        run.job.stop()
        with self._lock:
            self._runs.pop(run.id, None)
        if not run.job.alive:
            shutil.rmtree(run.work.folder, ignore_errors=True)


def said_of(error: BaseException | None) -> str:
    """Return what a visitor is told of an error, one sentence."""
    if isinstance(error, ImpastoError):
        text = str(error)
        return text[:1].upper() + text[1:]
    if isinstance(error, MemoryError):
        return "The studio has not enough memory for that: choose a smaller size"
    return "Something went wrong here; the studio's log says what."
