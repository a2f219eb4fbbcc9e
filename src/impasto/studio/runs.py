"""Runs: each makes something step by step, and is told of while it does."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.images import Picture
from impasto.studio.store import Kept
from impasto.studio.turns import Job, Turns, UnwantedError

_LOG = logging.getLogger(__name__)
#: Seconds without anybody looking after which a run ends: its page was closed.
PATIENCE = 20.0
#: States in which nothing more happens.
ENDED = ("done", "stopped", "failed")


@dataclass(eq=False)
class StudioRun(Kept):
    """A run of a visitor, which makes something in its folder.

    It ends when it is done, is stopped, has worked for as long as a run may, or when nobody has
    looked for a while; what there is then is its result.
    """

    gone = "this job is not here any more: start it again"
    makes_room = True
    kind: str  # what it makes
    type: str = "image/png"  # MIME type of its result
    name: str = "painted"  # that its result is saved as, without suffix
    facts: dict[str, Any] = field(default_factory=dict)  # what a visitor is told besides
    done: int = 0  # steps, pictures or frames
    total: int | None = None  # how many of these there will be; None: not known
    items: list[dict[str, Any]] = field(default_factory=list)  # of several pictures: what each is
    result: Path | None = None  # its file
    preview: Callable[[], Picture | None] = lambda: None  # returns what there is to see
    begun: float | None = None  # when its turn came
    stopped: bool = False  # by somebody
    cut: bool = False  # whether it ended before it was done
    job: Job[None] = field(init=False)

    def begin(self, turns: Turns, work: Callable[[], None], seconds: float) -> None:
        """Let it wait for its turn, and then work, which calls `step`, for so long at most."""
        self._turns, self._seconds = turns, seconds
        self.job = turns.submit(self.visitor.who, lambda: self._work(work), lambda: self.wanted)
        self.visitor.hold(self.job, self)

    def _work(self, work: Callable[[], None]) -> None:
        self.begun = time.monotonic()
        try:
            with suppress(UnwantedError):
                work()
        except BaseException as error:
            if not isinstance(error, ImpastoError):
                _LOG.error("a job failed", exc_info=error)
            raise

    def step(self) -> None:
        """Go on, or raise an UnwantedError where it has to end now."""
        if not self.wanted or time.monotonic() > (self.begun or 0.0) + self._seconds:
            self.cut = True
            raise UnwantedError("this job has ended")

    @property
    def wanted(self) -> bool:
        """Whether it is not stopped or removed, and somebody has looked not long ago."""
        return not (self.stopped or self.removed) and time.monotonic() - self.used < PATIENCE

    def described(self) -> dict[str, Any]:
        """Return what its visitor is told of it, and remember that somebody looks."""
        self.look()
        ahead = self._turns.ahead(self.job)
        state, address = self._state(), f"api/runs/{self.id}"
        fraction, left = min(1.0, self.done / self.total) if self.total else None, None
        if state == "running" and fraction and self.begun is not None:
            left = round((time.monotonic() - self.begun) * (1 - fraction) / fraction, 1)
        has_result = state in ENDED and self.result is not None
        return {
            "id": self.id,
            "kind": self.kind,
            "state": state,
            "ahead": ahead,
            "done": self.done,
            "total": self.total,
            "fraction": 1.0 if state == "done" else fraction,
            "seconds_left": left,
            "message": self._message(state, ahead, left),
            "preview": f"{address}/preview?{self.done}" if self.done else None,
            "result": f"{address}/result" if has_result else None,
            "result_type": self.type if has_result else None,
            "items": [self._item(number, each) for number, each in enumerate(list(self.items))],
            **self.facts,
        }

    @property
    def error(self) -> BaseException | None:
        """What ended it, if anything did."""
        return self.job.exception() if self.job.done() else None

    def _state(self) -> str:
        if not self.job.done():
            return "waiting" if self.begun is None else "running"
        dropped = isinstance(self.error, UnwantedError)
        if self.error is not None and self.result is None and not dropped:
            return "failed"
        return "stopped" if self.cut or dropped else "done"

    def _item(self, number: int, item: dict[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in item.items() if name != "path"}
        if "path" in item:
            address = f"api/runs/{self.id}/items/{number}"
            said |= {"picture": address, "thumbnail": f"{address}/thumbnail"}
        return said

    def _message(self, state: str, ahead: int, left: float | None) -> str:
        if state == "failed":
            return said_of(self.error)
        if state == "waiting" and ahead:
            return f"{ahead} ahead of you"
        if left is not None:
            return f"{max(1, round(left))} s left"
        return {"done": "Done", "stopped": "Stopped", "running": "Painting"}.get(state, "Starting")


def said_of(error: BaseException | None) -> str:
    """Return what a visitor is told of an error, one sentence."""
    if isinstance(error, ImpastoError):
        text = str(error)
        return text[:1].upper() + text[1:]
    if isinstance(error, MemoryError):
        return "The studio has not enough memory for that: choose a smaller size"
    return "Something went wrong here; the studio's log says what."
