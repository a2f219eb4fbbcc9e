"""Clips of any kind opened, and those that are pictures: animations, and pictures by number."""

import fnmatch
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from impasto.errors import ImageError
from impasto.files import address_advice
from impasto.images import Picture, open_picture
from impasto.images.decoding import open_image
from impasto.images.formats import HEAD_BYTES, sniff
from impasto.video.clip import OPAQUE, Clip, Frame, Pixels8, check_file, with_alpha
from impasto.video.reader import Damage, FileReader

MIN_SIDE = 16  # pixels of the shorter side of a clip
ANIMATIONS = (".gif", ".webp", ".apng")
NUMBER = re.compile(r"%0?\d*d")  # of pictures by number, in the name of a pattern
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_ANIMATED = ("GIF", "WebP", "PNG", "AVIF")  # kinds of pictures that may be animated, as sniffed
#: Milliseconds of a frame that says at most `_TOO_SHORT`, as browsers and FFmpeg have it.
_UNSAID, _TOO_SHORT = 100, 10


class AnimationReader:
    """Reads a GIF, a WebP or an APNG; raises an `ImageError` if it is none, or damaged."""

    def __init__(self, path: Path, *, strict: bool = False) -> None:
        self.damage = Damage(path, "frame", strict=strict)
        with _open(path) as image:
            self._first = int(bool(image.info.get("default_image")))  # of an APNG, not shown
            self._durations: list[int] = []
            transparent = False
            with _reading(path, "its frames cannot be counted"):
                said = getattr(image, "n_frames", 1) - self._first
            with suppress(ImageError):
                for number in range(said):
                    self._durations.append(_duration(image, number + self._first, path))
                    if image.has_transparency_data and not transparent:
                        alpha = image.convert("RGBA").getchannel("A")
                        transparent = bool(np.asarray(alpha).min() < OPAQUE)
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
        """Yield the frames that are shown after a time in seconds."""
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


def _open(path: Path) -> Image.Image:
    try:
        return Image.open(path, formats=("GIF", "WEBP", "PNG", "AVIF"))  # others may start programs
    except Exception as error:  # damaged files make Pillow raise almost anything
        raise ImageError(f"{path} cannot be read as an animation: it is damaged or none") from error


@contextmanager
def _reading(path: Path, trouble: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # as above
        raise ImageError(f"{path} is damaged: {trouble}") from error


def _duration(image: Image.Image, number: int, path: Path) -> int:
    """Go to a frame, read it, and return its milliseconds, which a WebP says only then."""
    with _reading(path, f"frame {number + 1} cannot be read"):
        image.seek(number)
        image.load()
    said = round(image.info.get("duration", 0))
    return said if said > _TOO_SHORT else _UNSAID


class SequenceReader:
    """Reads pictures by number, all as large as the first; of a folder, or `frames/%04d.png`.

    Where one is damaged, the one before is shown longer.
    """

    def __init__(self, source: str, rate: Fraction, *, strict: bool = False) -> None:
        self._paths = matching(source)
        self.damage = Damage(Path(source), "picture", strict=strict)
        if not self._paths:
            raise ImageError(f"there are no pictures in {source}: name a folder or frames/%04d.png")
        first = next(filter(None, map(self._opened, self._paths)), None)
        if first is None:
            raise ImageError(f"none of the pictures in {source} can be read")
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
            picture = self._opened(path)
            if picture is not None:
                if held is not None:
                    yield held
                held = Frame(self._pixels(picture, path), number, 1)
            elif held is not None:
                held = held._replace(duration=held.duration + 1)
        if held is not None:
            yield held

    def _opened(self, path: Path) -> Picture | None:
        """Return a picture; None: it cannot be read, which is counted."""
        try:
            return open_picture(path)
        except ImageError as error:
            self.damage.add(reason=str(error))
            return None

    def _pixels(self, picture: Picture, path: Path) -> Pixels8:
        if picture.size != self.clip.size:
            raise ImageError(
                f"{path} is {picture.width}x{picture.height}, and the first picture is "
                f"{self.clip.size[0]}x{self.clip.size[1]}: they must be alike"
            )
        pixels = np.ascontiguousarray(picture.to_array())
        return pixels if picture.alpha is None else with_alpha(pixels)


def _has_alpha(path: Path) -> bool:
    with suppress(Exception), open_image(path) as image:  # reading it raises the error
        return image.has_transparency_data
    return False


Reader: TypeAlias = FileReader | AnimationReader | SequenceReader
"""Reads a clip, from its beginning each time; `damage` says what could not be read."""


def open_reader(source: str, rate: float = 25.0, *, strict: bool = False) -> Reader:
    """Open a clip: a video file, a GIF, WebP or APNG, or pictures by number (with their `rate`).

    The latter are a folder or a pattern as `frames/%04d.png`. What is missing or of another kind is
    an `ImageError`, and if it is `strict` all damage is; else what can be read is read.
    """
    path = Path(source)
    named = path.suffix.lower() in ANIMATIONS
    if advice := address_advice(source):
        raise ImageError(advice)
    if is_sequence(source):
        return SequenceReader(source, Fraction(rate).limit_denominator(1001), strict=strict)
    check_file(path, "an animation" if named else "video")
    with path.open("rb") as file:
        may_move = named or sniff(file.read(HEAD_BYTES)) in _ANIMATED
    return (AnimationReader if may_move else FileReader)(path, strict=strict)


def is_sequence(source: str) -> bool:
    """Tell whether a source is pictures by number, and not one file, whose name may have a %d."""
    path = Path(source)
    several = NUMBER.search(source) or re.search("[*?]", source)
    return path.is_dir() or (several is not None and not path.exists())


def matching(source: str) -> Sequence[Path]:
    """Return the pictures of a folder or a pattern in the order of their numbers."""
    path = Path(source)
    folder, name = (path, "*") if path.is_dir() else (path.parent, path.name)
    if number := NUMBER.search(name):
        before, after = name[: number.start()], name[number.end() :]
        wanted = rf"{re.escape(before)}\d+{re.escape(after)}"
    else:
        wanted = fnmatch.translate(name)
    there = folder.iterdir() if folder.is_dir() else ()
    found = [p for p in there if re.fullmatch(wanted, p.name) and p.suffix.lower() in PICTURES]

    def numbers(path: Path) -> list[str | int]:
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]

    return sorted(found, key=numbers)
