"""The job of painting a clip in parts: finished parts stay, however often it is stopped."""

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from impasto.errors import ImageError, SettingsError
from impasto.files import replacing, working_alone
from impasto.flow import Motion, MotionFinder
from impasto.video.clip import Frame, Pixels8
from impasto.video.options import VideoSettings
from impasto.video.painting import COMPARISONS, FrameStylizer, Kept, resized
from impasto.video.pictures import Reader
from impasto.video.prefetch import prefetched
from impasto.video.writers import FrameWriter, ResultWriter

#: Frames of a part, and seconds of work on it, at most: what a stopped run may lose.
PART, SECONDS = 96, 20.0
_PLAN = "plan.json"


class Progress(NamedTuple):
    """How far it is."""

    done: int  # frames that are painted, those of earlier runs among them
    whole: int | None  # frames in all, about; None: not known
    original: Pixels8  # the last one as it was, painted size
    painted: Pixels8  # and as it became


@dataclass(frozen=True)
class VideoJob:
    """A clip to paint, and everything that the result depends on."""

    reader: Reader
    size: tuple[int, int]  # width and height of the painted frames
    stylizer: FrameStylizer
    writer: ResultWriter
    folder: Path  # where parts are kept until the result is there
    recipe: Mapping[str, Any]  # saved in the result
    plan: Mapping[str, Any]  # identifies the job: a resumed one must have the same
    video: VideoSettings  # which frames, and what is shown instead of them alone
    notes: Sequence[str] = ()  # what the result will lack or have changed, in words

    def begin(self, resume: bool) -> int:
        """Make the folder ready and return how many finished parts are in it.

        Parts of another plan, or unfinished ones and no `resume`, are a `SettingsError`; a run that
        works on them now is an `ImpastoError`, as it is in `run` and `finish`.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with working_alone(self.folder):
                return self._begin(resume)
        except OSError as error:
            raise _folder_error(self.folder, error) from error

    def _begin(self, resume: bool) -> int:
        done, plan = self.done(), json.dumps(self.plan)
        if done and not resume:
            raise SettingsError(
                f"{self.folder} has {self.frames_of(done)} frames of a run that was stopped: "
                "resume it with --resume, or remove the folder"
            )
        try:
            begun = json.loads((self.folder / _PLAN).read_text("utf-8"))
        except (OSError, ValueError):
            begun = None
        if done and begun != json.loads(plan):
            raise SettingsError(
                f"{self.folder} is of a run with other options: give the same, or remove the folder"
            )
        if done:
            return done
        if begun is None and any(self.folder.iterdir()):
            raise ImageError(f"{self.folder} is in the way: move it, or name another output")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / _PLAN).write_text(plan, "utf-8")
        return 0

    def frames_of(self, done: int) -> int:
        """Return how many frames so many parts have."""
        return sum(len(self._times(number)) - 1 for number in range(done))

    def done(self) -> int:
        """Return how many parts are whole, from the first on."""
        return next(number for number in count() if not self._state(number).is_file())

    def _state(self, number: int) -> Path:
        return self.folder / f"{number:06}.npz"

    def _times(self, number: int) -> list[int]:
        """Return the times of a part's frames, and of its end."""
        with np.load(self._state(number)) as kept:
            return [int(time) for time in kept["times"]]

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:06}{self.writer.suffix}"

    def run(self, done: int) -> Iterator[Progress]:
        """Paint what is missing after as many parts as `begin` returned.

        Decoding, motion, painting and encoding overlap.
        """
        whole = self.video.count(self.reader.clip)
        try:
            with working_alone(self.folder), prefetched(self._encoded(done), 2) as encoded:
                for number, frame, painted in encoded:
                    yield Progress(number + 1, whole, frame, painted)
        except OSError as error:
            raise _folder_error(self.folder, error) from error

    def _moving(self, done: int) -> Iterator[tuple[int, Frame, dict[int, Motion]]]:
        lags = self.stylizer.lags
        finder, first = MotionFinder(lags), self.frames_of(done)
        needed = max(0, first - max(lags, default=0))
        with prefetched(self.video.frames(self.reader)) as frames:
            for number, frame in islice(enumerate(frames), needed, None):
                small = frame._replace(pixels=resized(frame.pixels, self.size))
                motions = finder(np.ascontiguousarray(small.pixels[..., :3]))
                if number >= first:
                    yield number, small, motions

    def _painted(self, done: int) -> Iterator[tuple[int, Frame, Pixels8, Kept | None]]:
        """Yield each frame and the painted one, and after a part the state to resume from."""
        if done:
            with np.load(self._state(done - 1)) as kept:
                self.stylizer.restore({name: kept[name] for name in kept.files})
        unit = self.reader.clip.time_base
        frames, begun = 0, time.monotonic()
        with prefetched(self._moving(done)) as moving:
            for number, frame, motions in moving:
                seconds = float(frame.time * unit)
                pixels = self.stylizer(frame.pixels, motions, seconds)
                painted = (pixels * np.float32(255)).round().astype(np.uint8)
                painted = np.concatenate([painted, frame.pixels[..., 3:]], 2)  # alpha, if any
                if self.video.compare:
                    painted = COMPARISONS[self.video.compare](frame.pixels, painted, seconds)
                frames += 1
                last = frames == PART or time.monotonic() - begun > SECONDS
                yield number, frame, painted, self.stylizer.kept() if last else None
                if last:
                    frames, begun = 0, time.monotonic()

    def _encoded(self, done: int) -> Iterator[tuple[int, Pixels8, Pixels8]]:
        part: FrameWriter | None = None
        times: list[int] = []
        try:
            with prefetched(self._painted(done)) as frames:
                for number, frame, painted, kept in frames:
                    if part is None:
                        part, times = self.writer.part(self._part(done), number), [frame.time]
                    part.add(painted, frame.time - times[0], frame.duration)
                    times.append(frame.time + frame.duration)
                    if kept is not None:
                        part.close()
                        part = None
                        self._keep(done, kept, times)
                        done += 1
                    yield number, frame.pixels, painted
            if part is not None:
                part.close()
                part = None
                self._keep(done, {}, times)
        finally:
            if part is not None:
                part.close(whole=False)

    def _keep(self, number: int, kept: Kept, times: Sequence[int]) -> None:
        """Save the state that marks a part as finished; of the one before only the times stay."""
        parts = [(number, kept, times)]
        parts += [(number - 1, {}, self._times(number - 1))] if number else []
        for part, state, moments in parts:
            with replacing(self._state(part)) as partial, partial.open("wb") as file:
                np.savez(file, times=np.array(moments, np.int64), **state)  # type: ignore[arg-type]

    def finish(self) -> Path:
        """Make the result of the parts, remove them, and return its path.

        If it cannot be written, the parts stay.
        """
        done = range(self.done())
        if not done:
            shutil.rmtree(self.folder, ignore_errors=True)
            said = f"there are no frames to paint in {self.reader.clip.path}"
            raise ImageError(f"{said}: let the part begin earlier")
        parts, times = [*map(self._part, done)], [*map(self._times, done)]
        with working_alone(self.folder):
            path = self.writer.join(parts, times, self.recipe)
            shutil.rmtree(self.folder, ignore_errors=True)
        return path


def _folder_error(folder: Path, error: OSError) -> ImageError:
    said = f"{folder} cannot be written to ({error.strerror or error})"
    return ImageError(f"{said}: make room and add --resume, or name another output")
