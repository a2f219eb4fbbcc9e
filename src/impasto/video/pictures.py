"""Clips that are pictures: animated GIF and WebP, and pictures by number."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from impasto.errors import ImageError
from impasto.images import open_picture
from impasto.video.clip import Clip, Frame, Pixels8
from impasto.video.files import FileReader

ANIMATIONS, PICTURES = (".gif", ".webp"), (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
#: Milliseconds of a frame that says 0, as browsers have it.
_UNSAID = 100


class AnimationReader:
    """Reads a GIF or a WebP; what is transparent is laid on white.

    Raises:
        ImageError: It is missing, damaged or of another kind.
    """

    def __init__(self, path: Path) -> None:
        with _open(path) as image:
            count = getattr(image, "n_frames", 1)
            milliseconds = sum(_duration(image, number, path) for number in range(count))
            self.clip = Clip(
                path=path,
                size=image.size,
                time_base=Fraction(1, 1000),
                rate=Fraction(1000 * count, milliseconds),
                count=count,
                loops=image.info.get("loop", -1),
            )

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yield the frames that are shown after a time in seconds."""
        time = 0
        with _open(self.clip.path) as image:
            for number in range(self.clip.count or 1):
                duration = _duration(image, number, self.clip.path)
                if time + duration > start * 1000:
                    yield Frame(_on_white(image), time, duration)
                time += duration


def _open(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except FileNotFoundError as error:
        raise ImageError(f"{path} cannot be read: there is no such file") from error
    except (OSError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path} cannot be read as an animation") from error


def _duration(image: Image.Image, number: int, path: Path) -> int:
    """Go to a frame, read it, and return its milliseconds, which a WebP says only then."""
    try:
        image.seek(number)
        image.load()
    except (OSError, EOFError, ValueError) as error:
        raise ImageError(f"{path} is damaged: frame {number + 1} cannot be read") from error
    return round(image.info.get("duration", 0)) or _UNSAID


def _on_white(image: Image.Image) -> Pixels8:
    whole = image.convert("RGBA")
    ground = Image.new("RGBA", whole.size, "white")
    return np.asarray(Image.alpha_composite(ground, whole).convert("RGB")).copy()


class SequenceReader:
    """Reads pictures by number, all as large as the first.

    Args:
        source: A folder, or a pattern as `frames/%04d.png` or `frames/*.png`.
        rate: Frames a second.

    Raises:
        ImageError: There are none, or the first cannot be read.
    """

    def __init__(self, source: str, rate: Fraction) -> None:
        self._paths = matching(source)
        if not self._paths:
            raise ImageError(
                f"there are no pictures in {source}: name a folder, or frames/%04d.png"
            )
        first = open_picture(self._paths[0])
        self.clip = Clip(
            path=Path(source),
            size=first.size,
            time_base=1 / rate,
            rate=rate,
            count=len(self._paths),
        )

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yield the frames that are shown after a time in seconds."""
        for number, path in enumerate(self._paths):
            if (number + 1) * self.clip.time_base > start:
                picture = open_picture(path).on_white()
                if picture.size != self.clip.size:
                    raise ImageError(
                        f"{path} is {picture.width}x{picture.height}, and the first picture is "
                        f"{self.clip.size[0]}x{self.clip.size[1]}: they must be alike"
                    )
                yield Frame(np.ascontiguousarray(picture.to_array()), number, 1)


Reader: TypeAlias = FileReader | AnimationReader | SequenceReader
"""Reads a clip, from its beginning each time; where it is damaged, it raises an `ImageError`."""


def is_sequence(source: str) -> bool:
    """Tell whether a source is pictures by number, and not one file."""
    return bool(re.search(r"%0?\d*d|[*?]", source)) or Path(source).is_dir()


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
