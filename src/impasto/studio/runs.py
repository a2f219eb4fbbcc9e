"""Runs: each makes something step by step, and is told of while it does."""

from __future__ import annotations

import logging
import time
import zipfile
from collections.abc import Generator, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from impasto.errors import ImpastoError
from impasto.images import Picture
from impasto.studio.store import Kept
from impasto.studio.turns import Ticket, Turns

_LOG = logging.getLogger(__name__)
#: Seconds without anybody looking after which a run ends: its page was closed.
PATIENCE = 20.0
#: States in which nothing more happens.
ENDED = ("done", "stopped", "failed")


@dataclass(eq=False)
class StudioRun(Kept):
    """A run of a visitor, which makes something in its folder, in a thread of its own.

    It ends when it is done, is stopped, has worked for as long as a run may, or when nobody has
    looked for a while; what there is then is its result.

    Attributes:
        done, total: Steps, pictures or frames that are done, and that there will be, or None.
        items: Of several pictures: what each is.
        result: The file of the result, or None; it is saved as `name`, and its MIME type is `type`.
        begun: When its turn came, or None.
        stopped, cut: Whether somebody has stopped it; whether it ended before it was done.
    """

    kind: ClassVar[str]
    type: ClassVar[str] = "image/png"
    gone = "this job is not here any more: start it again"
    makes_room = True
    done: int = field(default=0, init=False)
    total: int | None = field(default=None, init=False)
    items: list[dict[str, Any]] = field(default_factory=list, init=False)
    result: Path | None = field(default=None, init=False)
    name: str = field(default="painted", init=False)
    begun: float | None = field(default=None, init=False)
    stopped: bool = field(default=False, init=False)
    cut: bool = field(default=False, init=False)
    work: Future[None] = field(init=False)

    def begin(self, turns: Turns, threads: Executor, seconds: float) -> None:
        """Begin it in a thread, where it waits for its turn, and works so long at most."""
        self._turns, self._ticket = turns, Ticket(self.visitor.who, lambda: self.wanted)
        self.work = threads.submit(self._wait_and_work, seconds)
        for each in (self, *self.visitor.named):
            each.works.append(self.work)
            self.work.add_done_callback(each.works.remove)

    def _wait_and_work(self, seconds: float) -> None:
        try:
            with self._turns.turn(self._ticket) as has:
                if has:
                    self.begun = time.monotonic()
                    try:
                        self._go_through(self.begun + seconds)
                    finally:
                        self.finish()
        except BaseException as error:
            if not isinstance(error, ImpastoError):
                _LOG.error("a job failed", exc_info=error)
            raise

    def _go_through(self, end: float) -> None:
        with closing(self.working()) as steps:
            for _ in steps:
                if not self.wanted or time.monotonic() > end:
                    self.cut = True
                    return

    def working(self) -> Generator[None]:
        """Do it step by step."""
        raise NotImplementedError

    def finish(self) -> None:
        """Make the result of what there is."""

    def preview(self) -> Picture | None:
        """Return what there is to see."""
        return None

    def facts(self) -> dict[str, Any]:
        """Return what a visitor is told besides."""
        return {}

    def _zip(self, paths: Sequence[Path]) -> None:
        if paths:
            self.result = self.folder / "painted.zip"
            with zipfile.ZipFile(self.result, "w", zipfile.ZIP_STORED) as file:
                for path in paths:
                    file.write(path, path.name)

    @property
    def busy(self) -> bool:
        """Whether it waits or works."""
        return not self.work.done()

    @property
    def wanted(self) -> bool:
        """Whether it is not stopped or removed, and somebody has looked not long ago."""
        return not (self.stopped or self.removed) and time.monotonic() - self.used < PATIENCE

    def look(self) -> None:
        """Say that somebody still waits for it, and that it needs what it is made of."""
        super().look()
        if self.busy:
            self.visitor.look()

    def described(self) -> dict[str, Any]:
        """Return what its visitor is told of it, and remember that somebody looks."""
        self.look()
        state, address = self._state(), f"api/runs/{self.id}"
        fraction = min(1.0, self.done / self.total) if self.total else None
        left, ahead = self._seconds_left(state, fraction), self._turns.ahead(self._ticket)
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
            **self.facts(),
        }

    @property
    def error(self) -> BaseException | None:
        """What ended it, if anything did."""
        return None if self.busy or self.work.cancelled() else self.work.exception()

    def _state(self) -> str:
        if self.busy:
            return "waiting" if self.begun is None else "running"
        if self.error is not None and self.result is None:
            return "failed"
        return "stopped" if self.cut or self.begun is None else "done"

    def _item(self, number: int, item: dict[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in item.items() if name != "path"}
        if "path" in item:
            address = f"api/runs/{self.id}/items/{number}"
            said |= {"picture": address, "thumbnail": f"{address}/thumbnail"}
        return said

    def _seconds_left(self, state: str, fraction: float | None) -> float | None:
        if state != "running" or not fraction or self.begun is None:
            return None
        return round((time.monotonic() - self.begun) * (1 - fraction) / fraction, 1)

    def _message(self, state: str, ahead: int, left: float | None) -> str:
        if state == "waiting":
            return f"{ahead} ahead of you" if ahead else "Starting"
        if state == "running":
            return "Starting" if left is None else f"{max(1, round(left))} s left"
        if state == "failed":
            return said_of(self.error)
        return {"done": "Done", "stopped": "Stopped"}[state]


def said_of(error: BaseException | None) -> str:
    """Return what a visitor is told of an error, one sentence."""
    if isinstance(error, ImpastoError):
        text = str(error)
        return text[:1].upper() + text[1:]
    if isinstance(error, MemoryError):
        return "The studio has not enough memory for that: choose a smaller size"
    return "Something went wrong here; the studio's log says what."
