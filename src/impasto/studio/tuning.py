"""A run that learns a style."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from impasto.errors import ImageError
from impasto.fast.tuned import show_tunings, tuned
from impasto.gallery.names import find_style
from impasto.settings import Settings
from impasto.studio.engine import Style, opened
from impasto.studio.works import Work


class TuneWork(Work):
    """A style, learned for a minute or so: a network that paints in it better than any other."""

    kind, type = "tune", "application/octet-stream"

    def __init__(
        self, folder: Path, style: Style, minutes: float, keep: Callable[[Path], str]
    ) -> None:
        super().__init__(folder)
        self._style, self._minutes, self._keep = style, minutes, keep
        self.total = round(60 * minutes)
        self._stopped = False
        self._id: str | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What a visitor is told besides: the style, to paint with."""
        return {"style": {"file": self._id} if self._id else None}

    def working(self) -> Iterator[None]:
        """Learn it; a run that is stopped goes on from there when it is asked for again."""
        failed: list[BaseException] = []

        def watch(minutes: float) -> None:
            self.done = round(60 * minutes)
            if self._stopped:
                raise ImageError("stopped")

        def learn() -> None:
            try:
                settings = Settings(method="fast", tune=self._minutes)
                self.result = tuned(find_style(opened(self._style)), settings)
            except BaseException as error:
                failed.append(error)

        show_tunings(lambda _name, _minutes: nullcontext(watch))
        thread = threading.Thread(target=learn, daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                yield
                thread.join(0.5)
        finally:
            self._stopped = True
            thread.join()
            show_tunings()
        if failed:
            raise failed[0]
        if self.result is not None:
            self._id = self._keep(self.result)
