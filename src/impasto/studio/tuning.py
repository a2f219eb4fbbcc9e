"""A run that learns a style."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImageError
from impasto.fast.tuned import show_tunings, tuned
from impasto.gallery.names import find_style
from impasto.settings import Settings
from impasto.studio.engine import Style
from impasto.studio.files import File
from impasto.studio.runs import StudioRun

#: Networks, and beginnings of some, that are kept for those who ask for the same again.
MOST = 30


@dataclass(eq=False)
class TuneRun(StudioRun):
    """A style, learned for some minutes: a network that paints in it better than any other.

    The oldest of all `networks` make room for it; `keep` makes a file of the visitor's of it.
    """

    kind, type = "tune", "application/octet-stream"
    style: Style
    minutes: float
    networks: Path
    keep: Callable[[Path], File]
    _file: File | None = field(default=None, init=False)
    _stopped: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.total = round(60 * self.minutes)

    def facts(self) -> dict[str, Any]:
        """Return the style, to paint with."""
        return {"style": {"file": self._file.id} if self._file else None}

    def working(self) -> Iterator[None]:
        """Learn it; a run that is stopped goes on from there when it is asked for again."""

        def watch(minutes: float) -> None:
            self.done = round(60 * minutes)
            if self._stopped:
                raise ImageError("stopped")

        style, settings = find_style(self.style.source), Settings(method="fast", tune=self.minutes)
        show_tunings(lambda _name, _minutes: nullcontext(watch))
        try:
            with ThreadPoolExecutor(1) as thread:
                learning = thread.submit(tuned, style, settings, self.networks)
                try:
                    while not learning.done():
                        yield
                        wait([learning], 0.5)
                finally:
                    self._stopped = True
        finally:
            show_tunings()
            _thin_out(self.networks)
        self._file = self.keep(learning.result())
        self.result = self._file.path


def _thin_out(folder: Path) -> None:
    """Delete all networks but the newest."""
    kept = sorted(folder.glob("tuned-*"), key=lambda path: path.stat().st_mtime)
    for old in kept[:-MOST]:
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)
