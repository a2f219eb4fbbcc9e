"""Where painted frames go: a video file, an animation, or a folder of pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image

from impasto.errors import ImageError
from impasto.files import replacing
from impasto.images import open_picture
from impasto.images.animation import schedule, write_frames
from impasto.video.clip import Clip, Pixels8
from impasto.video.encoding import PartWriter
from impasto.video.mux import FileSink, unwritten

_STILL = "%06d.png"


@dataclass(frozen=True)
class AnimationSink:
    """A GIF, an animated WebP or an APNG, with its recipe in it."""

    path: Path
    clip: Clip
    recipe: Mapping[str, object]
    suffix: str = ".frames"

    def part(self, path: Path, first: int) -> _Pictures:
        """Begin a part: a folder of its frames."""
        return _Pictures(
            path / _STILL, lambda pixels, file: Image.fromarray(pixels).save(file, compress_level=1)
        )

    def join(self, parts: Sequence[Path], times: Sequence[Sequence[int]]) -> Path:
        """Make one file of all; Pillow has a GIF's frames in memory at once.

        Raises:
            ImageError: It cannot be written.
        """
        stills = [
            part / (_STILL % number)
            for part, shown in zip(parts, times, strict=True)
            for number in range(1, len(shown))
        ]
        kind = self.path.suffix.lower().removeprefix(".")
        first, unit = times[0][0], self.clip.time_base * 1000
        ends = [(time - first) * unit for shown in times for time in shown[1:]]
        plan = schedule(ends, kind)
        mode = "RGBA" if self.clip.transparent else "RGB"
        frames = (Image.open(stills[number], formats=("PNG",)).convert(mode) for number, _ in plan)
        extra: dict[str, Any] = {"quality": 85, "method": 3} if kind == "webp" else {}
        loops = 0 if self.clip.loops is None else self.clip.loops
        if loops >= 0 or kind != "gif":
            extra["loop"] = abs(loops)  # a GIF without is shown once
        try:
            with replacing(self.path) as partial:
                write_frames(
                    frames,
                    partial,
                    kind,
                    self.recipe,
                    transparent=self.clip.transparent,
                    duration=[duration for _, duration in plan],
                    **extra,
                )
        except OSError as error:
            raise unwritten(self.path, error) from error
        return self.path


@dataclass(frozen=True)
class FolderSink:
    """Pictures by number, as the pattern `frames/%06d.png` names them."""

    pattern: Path
    suffix: str = ""

    def part(self, path: Path, first: int) -> _Pictures:
        """Begin a part."""
        return _Pictures(
            self.pattern,
            _save,
            first,
        )

    def join(self, parts: Sequence[Path], times: Sequence[Sequence[int]]) -> Path:
        """Return the folder: all pictures are there."""
        return self.pattern.parent


def _save(pixels: Pixels8, file: Path) -> None:
    """Save a frame; a full disk is an `OSError`, as of the other sinks."""
    try:
        open_picture(pixels).save(file, overwrite=True)
    except ImageError as error:
        raise error.__cause__ if isinstance(error.__cause__, OSError) else error from error


class _Pictures:
    """Saves frames by number, from the one after `number` on."""

    def __init__(
        self, pattern: Path, save: Callable[[Pixels8, Path], object], number: int = 0
    ) -> None:
        self._pattern, self._save, self._number = pattern, save, number
        pattern.parent.mkdir(parents=True, exist_ok=True)

    def add(self, pixels: Pixels8, time: int, duration: int) -> None:
        """Save a frame."""
        self._number += 1
        self._save(pixels, self._pattern.with_name(self._pattern.name % self._number))

    def close(self, *, whole: bool = True) -> None:
        """Nothing is left to do."""


#: Takes painted frames in parts and joins these to the result; told the times of the frames of
#: each part and of its end, in the clip's units.
Sink: TypeAlias = FileSink | AnimationSink | FolderSink
#: Takes the frames of a part; their times count from its beginning.
PartSink: TypeAlias = PartWriter | _Pictures
