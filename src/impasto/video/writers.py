"""Where painted frames go: a video file, an animation, or a folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from PIL import Image

from impasto.errors import ImageError
from impasto.files import replacing
from impasto.images.recipe import animation_metadata
from impasto.video.clip import Clip, Pixels8
from impasto.video.encoding import Encoding, PartWriter
from impasto.video.files import opened, pyav
from impasto.video.mux import Extras, join
from impasto.video.painting import picture_of

_GIF_TICK = 10
"""Milliseconds."""


@dataclass(frozen=True)
class FileSink:
    """A video file.

    Attributes:
        path: The result.
        encoding: How frames are encoded.
        extras: What else the result has.
    """

    path: Path
    encoding: Encoding
    extras: Extras
    suffix: str = ".mp4"

    def part(self, path: Path, first: int) -> PartWriter:
        """Begin a part."""
        return PartWriter(path, self.encoding)

    def join(self, parts: Sequence[Path], offsets: Sequence[int]) -> Path:
        """Make one file of all."""
        join(parts, offsets, self.path, self.encoding, self.extras)
        return self.path


@dataclass(frozen=True)
class AnimationSink:
    """A GIF or an animated WebP.

    Attributes:
        path: The result.
        clip: What is painted.
        recipe: How, to be kept in the file.
    """

    path: Path
    clip: Clip
    recipe: Mapping[str, object]
    suffix: str = ".mkv"

    def part(self, path: Path, first: int) -> _Lossless:
        """Begin a part."""
        return _Lossless(path, self.clip.time_base)

    def join(self, parts: Sequence[Path], offsets: Sequence[int]) -> Path:
        """Make one file of all; Pillow has a GIF's frames in memory at once."""
        durations = [ms for part in parts for ms in _durations(part)]
        frames = _images(parts)
        kind = self.path.suffix.lower().removeprefix(".")
        extra = {"quality": 85, "method": 3} if kind == "webp" else {"disposal": 1}
        loops = 0 if self.clip.loops is None else self.clip.loops
        if loops >= 0 or kind == "webp":
            extra["loop"] = abs(loops)  # a GIF without is shown once
        try:
            with replacing(self.path) as partial:
                next(frames).save(
                    partial,
                    kind,
                    save_all=True,
                    append_images=frames,
                    duration=_ticks(durations, _GIF_TICK if kind == "gif" else 1),
                    **extra,
                    **animation_metadata(kind, self.recipe),
                )
        except OSError as error:
            reason = error.strerror or error
            raise ImageError(f"{self.path} cannot be written: {reason}") from error
        return self.path


class _Lossless:
    """A part whose frames are kept as they are.

    Args:
        path: An .mkv; the milliseconds of each frame come beside it.
        unit: Seconds of a unit of time.
    """

    def __init__(self, path: Path, unit: Fraction) -> None:
        self._path, self._unit = path, unit
        self._container = pyav().open(str(path), "w")
        self._stream = self._container.add_stream("ffv1", rate=25)
        self._stream.pix_fmt = "bgr0"
        self._durations: list[int] = []

    def add(self, pixels: Pixels8, time: int, duration: int) -> None:
        """Keep a frame."""
        if not self._durations:
            self._stream.height, self._stream.width = pixels.shape[:2]
        frame = pyav().VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="bgr0")
        frame.pts = len(self._durations)
        frame.time_base = Fraction(1, 25)
        self._container.mux(self._stream.encode(frame))
        end = round((time + duration) * self._unit * 1000)
        self._durations.append(max(1, end - sum(self._durations)))

    def close(self) -> None:
        """Finish the files."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        _beside(self._path).write_text("\n".join(map(str, self._durations)), "utf-8")

    def abandon(self) -> None:
        """Leave them as they are."""
        self._container.close()


def _beside(part: Path) -> Path:
    return part.with_suffix(".times")


def _durations(part: Path) -> list[int]:
    return [int(line) for line in _beside(part).read_text("utf-8").split()]


def _ticks(durations: Sequence[int], tick: int) -> list[int]:
    """Return durations in whole ticks whose sums stay close to the true times."""
    found: list[int] = []
    true = 0
    for duration in durations:
        true += duration
        found.append(max(tick, round((true - sum(found)) / tick) * tick))
    return found


def _images(parts: Sequence[Path]) -> Iterator[Image.Image]:
    for part in parts:
        with opened(part) as container:
            for frame in container.decode(video=0):
                yield Image.fromarray(frame.to_ndarray(format="rgb24"))


@dataclass(frozen=True)
class FolderSink:
    """Pictures by number, as `frames/%06d.png` names them.

    Attributes:
        pattern: With a place for the number in its last part.
    """

    pattern: Path
    suffix: str = ""

    def part(self, path: Path, first: int) -> _Pictures:
        """Begin a part."""
        return _Pictures(self.pattern, first)

    def join(self, parts: Sequence[Path], offsets: Sequence[int]) -> Path:
        """Return the folder: all pictures are there."""
        return self.pattern.parent


class _Pictures:
    def __init__(self, pattern: Path, first: int) -> None:
        self._pattern, self._number = pattern, first
        pattern.parent.mkdir(parents=True, exist_ok=True)

    def add(self, pixels: Pixels8, time: int, duration: int) -> None:
        """Save a frame."""
        self._number += 1
        path = self._pattern.with_name(self._pattern.name % self._number)
        picture_of(pixels).save(path, overwrite=True)

    def close(self) -> None:
        """Nothing is left to do."""

    def abandon(self) -> None:
        """Nothing is left to do."""
