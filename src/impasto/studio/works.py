"""What runs make: pictures, variants of one, videos, or a style that is learned."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.batch.pairs import reason_of
from impasto.batch.sheets import SKETCH, USUAL, Cell, paint_looks, sketched, usual_axes, vary
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.fast.tuned import show_tunings, tuned
from impasto.gallery.names import find_style
from impasto.images import Picture, open_picture, output_name
from impasto.records import Records
from impasto.runs import Run, State
from impasto.settings import FIELDS, Settings
from impasto.studio.engine import Engine, Order, Style
from impasto.studio.history import History
from impasto.studio.processes import paint_clip
from impasto.studio.runs import StudioRun
from impasto.studio.store import File

#: Longest side of what is shown while it is painted.
PREVIEW = 768
#: Pictures of one batch, and steps of a variant: it cannot be stopped on its way.
MOST_PAIRS, _MOST_STEPS = 200, 60


@dataclass(eq=False)
class PictureRun(StudioRun):
    """One picture, painted step by step and kept in the history of somebody."""

    kind = "picture"
    engine: Engine
    order: Order
    history: History
    keeper: str
    _last: tuple[State, Run] | None = field(default=None, init=False)
    _entry: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        content, *styles = self.order.names
        self.name = output_name(content, [Path(name).stem for name in styles])
        self._records = Records(self.folder / "process.webp")
        self._moves = self.order.settings.method_row.steps

    def facts(self) -> dict[str, Any]:
        """Return its size, and where it is in the history."""
        size = list(self._last[0].size) if self._last else None
        return {"size": size, "history": self._entry}

    def working(self) -> Generator[None]:
        """Paint step by step."""
        run = self.engine.run(self.order)
        for state in run:
            self._last = state, run
            self.done, self.total = state.done, state.planned
            if self._moves:
                self._records.add(state, run)
            yield

    def finish(self) -> None:
        """Save what there is, and keep it in the history."""
        if self._last is None:
            return
        picture = self._last[1].picture
        self.result = picture.save(self.folder / "result.png")
        if self._moves:
            self._records.save(*self._last, ())
        process = self.folder / "process.webp"
        self._entry = self.history.add(self.keeper, picture, self.order, process).name

    def preview(self) -> Picture | None:
        """Return the picture as it stands."""
        return self._last[1].picture if self._last else None


@dataclass(eq=False)
class ExploreRun(StudioRun):
    """One picture, painted small in many ways; SettingsError: it cannot be varied so."""

    kind, type = "explore", "application/zip"
    engine: Engine
    order: Order
    axes: Mapping[str, Sequence[Any]] | None

    def __post_init__(self) -> None:
        settings = self.order.settings.updated(steps=None, time=None)
        axes = self.axes
        if axes is None:  # what is worth varying, whatever is said of it now
            plain: dict[str, Any] = {name: FIELDS[name].default for name in USUAL}
            settings = settings.updated(**plain)
            axes = usual_axes(settings)
        self._cells = [self._sketch(cell) for cell in vary(sketched(settings), axes)]
        self.total = len(self._cells)

    def _sketch(self, cell: Cell) -> Cell:
        settings = self.engine.checked(sketched(cell.settings, cell.settings.size_limit))
        steps = sum(settings.steps or ())
        if settings.size_limit > SKETCH or settings.time is not None or steps > _MOST_STEPS:
            raise SettingsError("a look is a sketch: do not vary size, steps or time")
        return cell._replace(settings=self.order.masked(settings))

    def working(self) -> Generator[None]:
        """Paint look after look."""
        content, styles = self.order.content.path, [each.source for each in self.order.styles]
        folder = self.folder / "looks"
        for cell, _ in paint_looks(content, styles, self._cells, folder):
            changes = dict(cell.changes)
            title = ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in changes.items())
            path = folder / f"{cell.name}.png"
            self.items.append({"title": title, "path": path, "settings": changes})
            self.done += 1
            yield

    def finish(self) -> None:
        """Put pictures and recipes into one file."""
        self._zip(sorted((self.folder / "looks").glob("*.*")))


@dataclass(eq=False)
class BatchRun(StudioRun):
    """Every content in every style; ImageError: there are too many."""

    kind, type = "batch", "application/zip"
    engine: Engine
    contents: Sequence[File]
    styles: Sequence[Style]
    settings: Settings

    def __post_init__(self) -> None:
        self.total = len(self.contents) * len(self.styles)
        if self.total > MOST_PAIRS:
            raise ImageError(
                f"{self.total} pictures are too many: at most {MOST_PAIRS} are painted at once"
            )

    def working(self) -> Generator[None]:
        """Paint pair after pair; one that fails does not end the others."""
        for number, (content, style) in enumerate(itertools.product(self.contents, self.styles), 1):
            title = output_name(content.name, [Path(style.name).stem])
            try:
                run = self.engine.run(Order(content, (style,), self.settings))
                for _ in run:
                    yield
                path = run.picture.save(self.folder / f"{number:03} {title}.jpg")
                self.items.append({"title": title, "path": path})
            except (ImpastoError, MemoryError, RuntimeError) as error:
                self.items.append({"title": title, "error": reason_of(error)})
            self.done = number
            yield

    def finish(self) -> None:
        """Put the results into one file."""
        self._zip([each["path"] for each in self.items if "path" in each])


@dataclass(eq=False)
class VideoRun(StudioRun):
    """A clip, painted frame by frame without flicker, in a process of its own."""

    kind, type = "video", "video/mp4"
    clip: File
    styles: Sequence[Style]
    asked: dict[str, Any]

    def __post_init__(self) -> None:
        self.name = f"{Path(self.clip.name).stem}-painted"
        self._target = self.folder / "painted.mp4"

    def working(self) -> Generator[None]:
        """Paint frame after frame."""
        styles = [each.source for each in self.styles]
        for done, total in paint_clip(self.clip.path, styles, self._target, self.asked):
            self.done, self.total = done, total
            yield

    def finish(self) -> None:
        """Take the video, of as many frames as there are."""
        self.result = self._target if self._target.is_file() else None

    def preview(self) -> Picture | None:
        """Return the last frame."""
        last = self.folder / "frame.jpg"
        return open_picture(last) if last.is_file() else None


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

    def working(self) -> Generator[None]:
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
