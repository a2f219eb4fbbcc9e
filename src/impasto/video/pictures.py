"""Clips that are pictures: animated GIF, WebP and APNG, and pictures by number."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from impasto.errors import ImageError
from impasto.files import reading_advice
from impasto.images import Picture, open_picture
from impasto.images.formats import HEAD_BYTES, sniff
from impasto.video.clip import OPAQUE, Clip, Frame, Pixels8, with_alpha
from impasto.video.damage import Damage
from impasto.video.files import check_file
from impasto.video.reader import FileReader

ANIMATIONS = (".gif", ".webp", ".apng")
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
#: Kinds of pictures that may be animated, by their content.
_ANIMATED = ("GIF", "WebP", "PNG")
#: Milliseconds of a frame that says at most `_TOO_SHORT`, as browsers and FFmpeg have it.
_UNSAID, _TOO_SHORT = 100, 10


class AnimationReader:
    """Reads a GIF, a WebP or an APNG.

    Args:
        path: The file.
        strict: Whether damage is an error.

    Raises:
        ImageError: It is missing, damaged throughout or of another kind.
    """

    def __init__(self, path: Path, *, strict: bool = False) -> None:
        self.damage = Damage(path, "frame", strict=strict)
        with _open(path) as image:
            self._first = int(bool(image.info.get("default_image")))  # of an APNG, not shown
            self._durations: list[int] = []
            transparent = False
            said = getattr(image, "n_frames", 1) - self._first
            with suppress(ImageError):
                for number in range(said):
                    self._durations.append(_duration(image, number + self._first, path))
                    transparent = transparent or _is_transparent(image)
            count = len(self._durations)
            if not count:
                raise ImageError(f"{path} is damaged: none of its frames can be read")
            self._lost = said - count
            self.clip = Clip(
                path=path,
                size=image.size,
                time_base=Fraction(1, 1000),
                rate=Fraction(1000 * count, sum(self._durations)),
                count=count,
                loops=image.info.get("loop", -1),
                transparent=transparent,
            )

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yield the frames that are shown after a time in seconds.

        Raises:
            ImageError: There is damage, and it is an error.
        """
        time = 0
        self.damage.restart()
        with _open(self.clip.path) as image:
            for number, duration in enumerate(self._durations, self._first):
                _duration(image, number, self.clip.path)
                if time + duration > start * 1000:
                    yield Frame(with_alpha(np.asarray(image.convert("RGBA"))), time, duration)
                time += duration
        if self._lost:
            self.damage.add(self._lost)


def is_animation(path: Path) -> bool:
    """Tell by its first bytes whether a file is a GIF, a WebP or a PNG.

    Raises:
        ImageError: It is missing, empty or no file.
    """
    check_file(path, "video")
    try:
        with path.open("rb") as file:
            return sniff(file.read(HEAD_BYTES)) in _ANIMATED
    except OSError as error:
        raise ImageError(reading_advice(path, error)) from error


def _open(path: Path) -> Image.Image:
    check_file(path, "an animation")
    try:
        return Image.open(path, formats=("GIF", "WEBP", "PNG"))  # others may start programs
    except (OSError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path} cannot be read as an animation: it is damaged or none") from error


def _duration(image: Image.Image, number: int, path: Path) -> int:
    """Go to a frame, read it, and return its milliseconds, which a WebP says only then."""
    try:
        image.seek(number)
        image.load()
    except (OSError, EOFError, ValueError, SyntaxError, IndexError) as error:
        raise ImageError(f"{path} is damaged: frame {number + 1} cannot be read") from error
    said = round(image.info.get("duration", 0))
    return said if said > _TOO_SHORT else _UNSAID


def _is_transparent(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    return bool(np.asarray(image.convert("RGBA").getchannel("A")).min() < OPAQUE)


class SequenceReader:
    """Reads pictures by number, all as large as the first.

    Args:
        source: A folder, or a pattern as `frames/%04d.png` or `frames/*.png`.
        rate: Frames a second.
        strict: Whether a damaged picture is an error; else the one before is shown longer.

    Raises:
        ImageError: There are none, or the first cannot be read.
    """

    def __init__(self, source: str, rate: Fraction, *, strict: bool = False) -> None:
        self._paths = matching(source)
        self.damage = Damage(Path(source), "picture", strict=strict)
        if not self._paths:
            raise ImageError(
                f"there are no pictures in {source}: name a folder, or frames/%04d.png"
            )
        first = self._first_readable()
        self.clip = Clip(
            path=Path(source),
            size=first.size,
            time_base=1 / rate,
            rate=rate,
            count=len(self._paths),
            transparent=any(map(_has_alpha, self._paths)),
        )

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yield the frames that are shown after a time in seconds."""
        self.damage.restart()
        held: Frame | None = None
        for number, path in enumerate(self._paths):
            if (number + 1) * self.clip.time_base <= start:
                continue
            try:
                pixels = self._opened(path)
            except _UnlikeError:
                raise
            except ImageError as error:
                self.damage.add(reason=str(error))
                if held is not None:
                    held = held._replace(duration=held.duration + 1)
                continue
            if held is not None:
                yield held
            held = Frame(pixels, number, 1)
        if held is not None:
            yield held

    def _first_readable(self) -> Picture:
        for path in self._paths:
            try:
                return open_picture(path)
            except ImageError as error:
                self.damage.add(reason=str(error))
        raise ImageError(f"none of the pictures in {self.damage.path} can be read")

    def _opened(self, path: Path) -> Pixels8:
        picture = open_picture(path)
        if picture.size != self.clip.size:
            raise _UnlikeError(
                f"{path} is {picture.width}x{picture.height}, and the first picture is "
                f"{self.clip.size[0]}x{self.clip.size[1]}: they must be alike"
            )
        pixels = np.ascontiguousarray(picture.to_array())
        return pixels if picture.alpha is None else with_alpha(pixels)


#: Formats of numbered pictures that may be transparent; others may start programs.
_STILLS = ("PNG", "WEBP", "TIFF", "GIF", "AVIF", "JPEG", "BMP")


class _UnlikeError(ImageError):
    """A picture of a sequence has another size."""


def _has_alpha(path: Path) -> bool:
    """Tell by its head whether a picture may be transparent."""
    try:
        with Image.open(path, formats=_STILLS) as image:
            return image.has_transparency_data
    except (OSError, Image.DecompressionBombError):  # what that means is said when it is read
        return False


Reader: TypeAlias = FileReader | AnimationReader | SequenceReader
"""Reads a clip, from its beginning each time; `damage` says what could not be read."""


def is_sequence(source: str) -> bool:
    """Tell whether a source is pictures by number, and not one file, whose name may have a %d."""
    path = Path(source)
    return path.is_dir() or (bool(re.search(r"%0?\d*d|[*?]", source)) and not path.exists())


def matching(source: str) -> Sequence[Path]:
    """Return the pictures of a folder or a pattern in the order of their numbers."""
    path = Path(source)
    folder, name = (path, "*") if path.is_dir() else (path.parent, path.name)
    if "%" in name:
        before, after = re.split(r"%0?\d*d", name, maxsplit=1)
        wanted = rf"{re.escape(before)}\d+{re.escape(after)}"
    else:
        wanted = fnmatch.translate(name)
    there = folder.iterdir() if folder.is_dir() else ()
    found = [p for p in there if re.fullmatch(wanted, p.name) and p.suffix.lower() in PICTURES]

    def numbers(path: Path) -> list[str | int]:
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]

    return sorted(found, key=numbers)
