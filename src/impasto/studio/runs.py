"""Runs: each makes something step by step, and is told of while it does."""

from __future__ import annotations

import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from impasto.errors import ImpastoError
from impasto.images import Picture
from impasto.studio.store import Kept
from impasto.studio.turns import Job, Turns

#: States in which nothing more happens.
ENDED = ("done", "stopped", "failed")


@dataclass(eq=False)
class StudioRun(Kept):
    """A run of a visitor, which makes something in its folder.

    Attributes:
        done, total: Steps, pictures or frames that are done, and that there will be, or None.
        items: Of several pictures: what each is.
        result: The file of the result, or None; it is saved as `name`, and its MIME type is `type`.
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
    job: Job = field(init=False)

    def begin(self, turns: Turns, seconds: float) -> None:
        """Begin it, in a thread of its own, where it waits for its turn."""
        self.job = Job(turns, self.visitor.who, self._steps, seconds)

    def working(self) -> Iterator[None]:
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

    def _steps(self) -> Iterator[None]:
        try:
            yield from self.working()
        finally:
            self.finish()

    def _zip(self, paths: Sequence[Path]) -> None:
        if paths:
            self.result = self.folder / "painted.zip"
            with zipfile.ZipFile(self.result, "w", zipfile.ZIP_STORED) as file:
                for path in paths:
                    file.write(path, path.name)

    @property
    def busy(self) -> bool:
        """Whether it waits or works."""
        return self.job.alive

    def look(self) -> None:
        """Say that somebody still waits for it, and that it needs what it is made of."""
        super().look()
        self.job.look()
        if self.busy:
            self.visitor.look()

    def close(self) -> None:
        """Stop it, and delete what it has made as soon as it has ended."""
        self.job.stop()
        if self.busy:
            threading.Thread(target=self._close_later, daemon=True).start()
        else:
            super().close()

    def _close_later(self) -> None:
        self.job.join()
        super().close()

    def described(self) -> dict[str, Any]:
        """Return what its visitor is told of it, and remember that somebody looks."""
        self.look()
        state, address = self._state(), f"api/runs/{self.id}"
        fraction = min(1.0, self.done / self.total) if self.total else None
        left, ahead = self._seconds_left(state, fraction), self.job.ahead
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

    def _state(self) -> str:
        if self.busy:
            return "waiting" if self.job.begun is None else "running"
        if self.job.error is not None and self.result is None:
            return "failed"
        return "stopped" if self.job.cut or self.job.begun is None else "done"

    def _item(self, number: int, item: dict[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in item.items() if name != "path"}
        if "path" in item:
            address = f"api/runs/{self.id}/items/{number}"
            said |= {"picture": address, "thumbnail": f"{address}/thumbnail"}
        return said

    def _seconds_left(self, state: str, fraction: float | None) -> float | None:
        if state != "running" or not fraction or self.job.begun is None:
            return None
        return round((time.monotonic() - self.job.begun) * (1 - fraction) / fraction, 1)

    def _message(self, state: str, ahead: int, left: float | None) -> str:
        if state == "waiting":
            return f"{ahead} ahead of you" if ahead else "Starting"
        if state == "running":
            return "Starting" if left is None else f"{max(1, round(left))} s left"
        if state == "failed":
            return said_of(self.job.error)
        return {"done": "Done", "stopped": "Stopped"}[state]


def said_of(error: BaseException | None) -> str:
    """Return what a visitor is told of an error, one sentence."""
    if isinstance(error, ImpastoError):
        text = str(error)
        return text[:1].upper() + text[1:]
    if isinstance(error, MemoryError):
        return "The studio has not enough memory for that: choose a smaller size"
    return "Something went wrong here; the studio's log says what."
