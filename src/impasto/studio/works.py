"""What a run makes: a picture, variants of one, many pictures, a video, or a style learned."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from impasto.batch.looks import SMALL, USUAL, paint_looks, sketched, usual_axes, vary
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.images import Picture, open_picture, output_name
from impasto.records import Records
from impasto.runs import Run, State
from impasto.settings import FIELDS, Settings
from impasto.studio.clips import paint_clip
from impasto.studio.engine import Engine, Order, Style, name_of, opened
from impasto.studio.files import File
from impasto.studio.history import History

#: Longest side of what is shown while it is painted.
PREVIEW = 768
#: Pictures of one batch, and steps of a variant: it cannot be stopped on its way.
MOST_PAIRS, _MOST_STEPS = 200, 60


class Work:
    """What one run makes, step by step, into a folder.

    Attributes:
        done: Steps, pictures or frames that are done.
        total: How many there will be, or None.
        items: Of several pictures: what each is.
        result: The file of the result, or None.
        type: Its MIME type.
        name: What it is saved as.
    """

    kind: ClassVar[str]
    type: ClassVar[str] = "image/png"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done = 0
        self.total: int | None = None
        self.items: list[dict[str, Any]] = []
        self.result: Path | None = None
        self.name = "painted"

    @property
    def fraction(self) -> float | None:
        """How much of it is done, from 0 to 1, or None."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def facts(self) -> dict[str, Any]:
        """What a visitor is told besides."""
        return {}

    def steps(self) -> Iterator[None]:
        """Do it step by step; what there is becomes the result however it ends."""
        try:
            yield from self.working()
        finally:
            self.finish()

    def working(self) -> Iterator[None]:
        """Do it step by step."""
        raise NotImplementedError

    def finish(self) -> None:
        """Make the result of what there is."""

    def preview(self) -> Picture | None:
        """Return what there is to see."""
        return None

    def _zip(self, paths: Sequence[Path]) -> None:
        if paths:
            self.result = self.folder / "painted.zip"
            with zipfile.ZipFile(self.result, "w", zipfile.ZIP_STORED) as file:
                for path in paths:
                    file.write(path, path.name)


class PictureWork(Work):
    """One picture, painted step by step and kept in the history."""

    kind = "picture"

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        order: Order,
        history: History,
        visitor: str,
    ) -> None:
        super().__init__(folder)
        self._engine, self._order = engine, order
        self._history, self._visitor = history, visitor
        self._run: Run | None = None
        self._state: State | None = None
        self._records = Records(folder / "process.webp")
        self._entry: str | None = None
        content, *styles = order.names
        self.name = output_name(content, [Path(name).stem for name in styles])

    @property
    def facts(self) -> dict[str, Any]:
        """What a visitor is told besides."""
        size = None if self._state is None else list(self._state.size)
        return {"size": size, "history": self._entry}

    def working(self) -> Iterator[None]:
        """Paint step by step."""
        run = self._engine.run(self._order)
        for state in run:
            self._run, self._state = run, state
            self.done, self.total = state.done, state.planned
            if self._order.settings.row.steps:
                self._records.add(state, run)
            yield

    def finish(self) -> None:
        """Save what there is, and keep it in the history."""
        if self._state is None or self._run is None:
            return
        picture = self._run.picture
        self.result = picture.save(self.folder / "result.png")
        if self._order.settings.row.steps:
            self._records.save(self._state, self._run, ())
        process = self.folder / "process.webp"
        entry = self._history.add(self._visitor, picture, self._order, process)
        self._entry = entry.name

    def preview(self) -> Picture | None:
        """Return the picture as it stands."""
        return None if self._state is None or self._run is None else self._run.picture


class ExploreWork(Work):
    """One picture, painted small in many ways.

    Raises:
        SettingsError: It cannot be varied so.
    """

    kind, type = "explore", "application/zip"

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        order: Order,
        axes: Mapping[str, Sequence[Any]] | None,
    ) -> None:
        super().__init__(folder)
        settings = order.settings.updated(steps=None, time=None)
        if axes is None:  # what is worth varying, whatever is said of it now
            plain: dict[str, Any] = {name: FIELDS[name].default for name in USUAL}
            settings = settings.updated(**plain)
            axes = usual_axes(settings)
        self._order = order
        self._cells = [
            replace(cell, settings=order.regions.put_into(engine.checked(each)))
            for cell in vary(sketched(settings), axes)
            for each in [sketched(cell.settings, cell.settings.size)]
        ]
        if any(_is_long(cell.settings) for cell in self._cells):
            raise SettingsError("a look is a sketch: do not vary size, steps or time")
        self.total = len(self._cells)

    def working(self) -> Iterator[None]:
        """Paint look after look."""
        content, styles = self._order.content.path, list(map(opened, self._order.styles))
        folder = self.folder / "looks"
        for cell, _ in paint_looks(content, styles, self._cells, folder):
            words = [f"{name.replace('_', ' ')} {value}" for name, value in cell.changes.items()]
            path = folder / f"{cell.name}.png"
            self.items.append(
                {"title": ", ".join(words), "path": path, "settings": dict(cell.changes)}
            )
            self.done += 1
            yield

    def finish(self) -> None:
        """Put pictures and recipes into one file."""
        self._zip(sorted((self.folder / "looks").glob("*.*")))


class BatchWork(Work):
    """Every content in every style.

    Args:
        folder: Where results go.
        engine: What paints.
        contents: Pictures.
        styles: Styles.
        settings: Of all.

    Raises:
        ImageError: There are none, or too many.
    """

    kind, type = "batch", "application/zip"

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        contents: Sequence[File],
        styles: Sequence[Style],
        settings: Settings,
    ) -> None:
        super().__init__(folder)
        self._pairs = list(itertools.product(contents, styles))
        self._engine, self._settings = engine, settings
        self.total = len(self._pairs)
        if not 1 <= self.total <= MOST_PAIRS:
            what = f"{self.total} pictures are too many" if self.total else "choose pictures first"
            raise ImageError(f"{what}: at most {MOST_PAIRS} are painted at once")

    def working(self) -> Iterator[None]:
        """Paint pair after pair; one that fails does not end the others."""
        for number, (content, style) in enumerate(self._pairs, 1):
            title = output_name(content.name, [Path(name_of(style)).stem])
            try:
                run = self._engine.run(Order(content, (style,), self._settings))
                for _ in run:
                    yield
                path = run.picture.save(self.folder / f"{number:03} {title}.jpg")
                self.items.append({"title": title, "path": path})
            except (ImpastoError, MemoryError, RuntimeError) as error:
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                self.items.append({"title": title, "error": reason})
            self.done = number
            yield

    def finish(self) -> None:
        """Put the results into one file."""
        self._zip([each["path"] for each in self.items if "path" in each])


class VideoWork(Work):
    """A clip, painted frame by frame without flicker, in a process of its own."""

    kind, type = "video", "video/mp4"

    def __init__(
        self, folder: Path, clip: File, styles: Sequence[Style], asked: dict[str, Any]
    ) -> None:
        super().__init__(folder)
        self._styles = [each if isinstance(each, str) else str(each.path) for each in styles]
        self._clip, self._asked = clip.path, asked
        self.name = f"{Path(clip.name).stem}-painted"

    def working(self) -> Iterator[None]:
        """Paint frame after frame."""
        target = self.folder / "painted.mp4"
        for done, total in paint_clip(self._clip, self._styles, target, self._asked):
            self.done, self.total = done, total
            yield

    def finish(self) -> None:
        """Take the video, of as many frames as there are."""
        target = self.folder / "painted.mp4"
        self.result = target if target.is_file() else None

    def preview(self) -> Picture | None:
        """Return the last frame."""
        last = self.folder / "frame.jpg"
        return open_picture(last) if last.is_file() else None


def _is_long(settings: Settings) -> bool:
    steps = sum(settings.steps or ())
    return settings.size > SMALL or settings.time is not None or steps > _MOST_STEPS
