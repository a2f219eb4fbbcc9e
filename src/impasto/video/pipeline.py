"""A clip's way to its result, in parts: what is done stays done, however often it is stopped."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from impasto.errors import ImageError, SettingsError
from impasto.files import replacing
from impasto.video.clip import Frame, Pixels8, Reader, Span
from impasto.video.comparing import COMPARISONS
from impasto.video.motion import Motion, MotionFinder
from impasto.video.painting import FramePainter, Kept, resized
from impasto.video.prefetch import ahead

#: Frames of a part, and seconds of work on it, at most: what a stopped run may lose.
PART, SECONDS = 96, 20.0
_PLAN = "plan.json"


class Sink(Protocol):
    """Takes painted frames in parts and makes the result of them."""

    @property
    def suffix(self) -> str:
        """Of the files of parts; empty: they have none, each frame goes to its place."""
        ...

    def part(self, path: Path, first: int) -> PartSink:
        """Begin a part.

        Args:
            path: Its file.
            first: Number of its first frame.
        """
        ...

    def join(self, parts: Sequence[Path], offsets: Sequence[int]) -> Path:
        """Make the result of all parts and return its path.

        Args:
            parts: Their files.
            offsets: The time of each one's beginning, in the clip's units.
        """
        ...


class PartSink(Protocol):
    """Takes the frames of a part."""

    def add(self, pixels: Pixels8, time: int, duration: int) -> None:
        """Take a frame; times count from the part's beginning."""
        ...

    def close(self) -> None:
        """Finish the part."""
        ...

    def abandon(self) -> None:
        """Leave it unfinished."""
        ...


class Progress(NamedTuple):
    """How far it is.

    Attributes:
        done: Frames that are painted, those of earlier runs among them.
        whole: Frames in all, about; None: not known.
        original: The last one as it was, painted size.
        painted: And as it became.
    """

    done: int
    whole: int | None
    original: Pixels8
    painted: Pixels8


@dataclass(frozen=True)
class Work:
    """Everything that a result depends on.

    Attributes:
        reader: Of the clip.
        span: Which frames.
        size: Width and height of the painted frames.
        painter: What paints them.
        sink: Where they go.
        folder: Where parts are kept until the result is there.
        plan: What tells this work from another: a resumed one must have the same.
        compare: Of `COMPARISONS`: what is shown instead of the painted frames alone.
    """

    reader: Reader
    span: Span
    size: tuple[int, int]
    painter: FramePainter
    sink: Sink
    folder: Path
    plan: Mapping[str, Any]
    compare: str | None = None

    def begin(self, resume: bool) -> int:
        """Make the folder ready and return how many parts are there.

        Args:
            resume: Go on with what is there.

        Raises:
            SettingsError: There is the work of another plan, or unfinished work and no `resume`.
            ImageError: The folder cannot be written to.
        """
        done = self.done()
        if done and not resume:
            raise SettingsError(
                f"{self.folder} has {self.frames_of(done)} frames of a run that was stopped: "
                "resume it with --resume, or remove the folder"
            )
        if done and self._begun_plan() != _plain(self.plan):
            raise SettingsError(
                f"{self.folder} is of a run with other options: give the same, or remove the folder"
            )
        try:
            if not done:
                self._clear()
                self.folder.mkdir(parents=True)
                (self.folder / _PLAN).write_text(json.dumps(self.plan), "utf-8")
        except OSError as error:
            raise _no_place(self.folder, error) from error
        return done

    def _begun_plan(self) -> object:
        try:
            return json.loads((self.folder / _PLAN).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def _clear(self) -> None:
        """Remove what is of no use any more; nothing that is not ours.

        Raises:
            ImageError: Something else is there.
        """
        if self.folder.exists() and self._begun_plan() is None and any(self.folder.iterdir()):
            raise ImageError(f"{self.folder} is in the way: move it, or name another output")
        shutil.rmtree(self.folder, ignore_errors=True)

    def frames_of(self, done: int) -> int:
        """Return how many frames so many parts have."""
        count = 0
        for number in range(done):
            with np.load(self._state(number)) as kept:
                count += int(kept["frames"])
        return count

    def done(self) -> int:
        """Return how many parts are whole, from the first on."""
        number = 0
        while self._state(number).is_file():
            number += 1
        return number

    def _state(self, number: int) -> Path:
        return self.folder / f"{number:06}.npz"

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:06}{self.sink.suffix}"

    def run(self, done: int) -> Iterator[Progress]:
        """Paint what is missing; decoding, motion, painting and encoding overlap.

        Args:
            done: Parts that are there: what `begin` returned.

        Raises:
            ImageError: The clip is damaged, or there is no room.
        """
        whole = self.span.count(self.reader.clip)
        try:
            with ahead(self._encoded(done), 2) as encoded:
                for number, frame, painted in encoded:
                    yield Progress(number + 1, whole, frame, painted)
        except OSError as error:
            raise _no_place(self.folder, error) from error

    def _moving(self, done: int) -> Iterator[tuple[int, Frame, dict[int, Motion]]]:
        """Yield each frame that is to be painted with its number and motions."""
        lags = self.painter.lags
        finder, first = MotionFinder(lags), self.frames_of(done)
        needed = max(0, first - max(lags, default=0))
        with ahead(self.span.frames(self.reader)) as frames:
            for number, frame in islice(enumerate(frames), needed, None):
                small = frame._replace(pixels=resized(frame.pixels, self.size))
                motions = finder(small.pixels)
                if number >= first:
                    yield number, small, motions

    def _painted(self, done: int) -> Iterator[tuple[int, Frame, Pixels8, Kept | None]]:
        """Yield each frame, what became of it, and at the end of a part what comes next from."""
        if done:
            with np.load(self._state(done - 1)) as kept:
                self.painter.restore({name: kept[name] for name in kept.files})
        unit = self.reader.clip.time_base
        count, begun = 0, time.monotonic()
        with ahead(self._moving(done)) as moving:
            for number, frame, motions in moving:
                seconds = float(frame.time * unit)
                pixels = self.painter(frame.pixels, motions, seconds)
                painted = (pixels * np.float32(255)).round().astype(np.uint8)
                if self.compare:
                    painted = COMPARISONS[self.compare](frame.pixels, painted, seconds)
                count += 1
                last = count == PART or time.monotonic() - begun > SECONDS
                yield number, frame, painted, self.painter.kept() if last else None
                if last:
                    count, begun = 0, time.monotonic()

    def _encoded(self, done: int) -> Iterator[tuple[int, Pixels8, Pixels8]]:
        """Encode each frame, and close each part."""
        part: PartSink | None = None
        begun = count = 0
        try:
            with ahead(self._painted(done)) as frames:
                for number, frame, painted, kept in frames:
                    if part is None:
                        part, begun, count = self.sink.part(self._part(done), number), frame.time, 0
                    part.add(painted, frame.time - begun, frame.duration)
                    count += 1
                    if kept is not None:
                        part.close()
                        part = None
                        self._keep(done, kept, begun, count)
                        done += 1
                    yield number, frame.pixels, painted
            if part is not None:
                part.close()
                part = None
                self._keep(done, {}, begun, count)
        finally:
            if part is not None:
                part.abandon()

    def _keep(self, number: int, kept: Kept, begun: int, frames: int) -> None:
        """Say that a part is whole."""
        facts: dict[str, Any] = {"begun": np.int64(begun), "frames": np.int64(frames), **kept}
        with replacing(self._state(number)) as partial, partial.open("wb") as file:
            np.savez(file, **facts)

    def finish(self) -> Path:
        """Make the result of the parts, remove them, and return its path.

        Raises:
            ImageError: There are no frames, or it cannot be written; the parts stay.
        """
        parts, offsets, done = [], [], self.done()
        for number in range(done):
            with np.load(self._state(number)) as kept:
                offsets.append(int(kept["begun"]))
            parts.append(self._part(number))
        if not done:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise ImageError(f"there are no frames to paint in {self.reader.clip.path}")
        path = self.sink.join(parts, offsets)
        shutil.rmtree(self.folder, ignore_errors=True)
        return path


def _plain(plan: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return json.loads(json.dumps(plan))


def _no_place(folder: Path, error: OSError) -> ImageError:
    reason = error.strerror or error
    return ImageError(
        f"{folder} cannot be written to ({reason}): make room and add --resume, or name another "
        "output"
    )
