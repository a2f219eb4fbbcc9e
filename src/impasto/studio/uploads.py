"""What visitors give: pictures and clips, none of which is trusted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from impasto.errors import ImageError
from impasto.images import open_picture
from impasto.images.decoding import open_image
from impasto.images.formats import is_16bit_png
from impasto.images.reading import check_head, one_clear_error

# Its complaints about odd tags would appear on the terminal.
logging.getLogger("tifffile").addHandler(logging.NullHandler())
#: Pixels of an uploaded picture, and bytes of its samples: to open it takes a few times as many.
MOST_PIXELS, MOST_BYTES = 100_000_000, 400_000_000
#: Side that everything can be painted from.
LEAST_SIDE = 16
_TRIED_SIZE = 64
#: Uploads whose check is remembered.
_REMEMBERED = 1000


class Uploads:
    """Checks uploads, and removes those in its folder that will not do."""

    def __init__(self, megabytes: float, folder: Path) -> None:
        self.bytes = int(megabytes * 1e6)
        self._folder = folder.resolve()
        self._good: set[tuple[Path, int, int]] = set()
        self._one = threading.Lock()

    def picture(self, path: str | Path | None, role: str = "content") -> Path:
        """Return the path of a picture that can be opened; else it goes (ImageError)."""
        if not path:
            raise ImageError(f"choose a {role} picture first")
        with self._gone_if_bad(Path(path)):
            self._check_bytes(Path(path))
            self._check_once(Path(path), role)
        return Path(path)

    def clip(self, path: str | Path | None) -> Path:
        """Return the path of a video that can be read; else it goes (ImageError)."""
        from impasto.video.setup import open_reader

        if not path:
            raise ImageError("choose a video first")
        with self._gone_if_bad(Path(path)):
            self._check_bytes(Path(path))
            if not Path(path).is_file():
                raise ImageError("that is not a video")
            with _told("video", Path(path)), self._one:
                width, height = open_reader(str(path)).clip.size
            if width * height > MOST_PIXELS:
                raise ImageError(f"a video of {width}x{height} pixels is too large")
        return Path(path)

    def _check_bytes(self, path: Path) -> None:
        size = path.stat().st_size
        if size > self.bytes:
            raise ImageError(
                f"{size / 1e6:.0f} MB are too much: at most {self.bytes / 1e6:.0f} MB are taken"
            )

    def _check_once(self, path: Path, role: str) -> None:
        """Check pixels, unless that was done: it takes time, and memory, so one at a time."""
        stat = path.stat()
        told = (path, stat.st_mtime_ns, stat.st_size)
        if told in self._good:
            return
        with self._one, _told(role, path):
            _check_pixels(path, role)
            if len(self._good) >= _REMEMBERED:
                self._good.clear()
            self._good.add(told)

    @contextmanager
    def _gone_if_bad(self, path: Path) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if path.resolve().is_relative_to(self._folder):
                path.unlink(missing_ok=True)
            if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
                raise ImageError("this picture has far too many pixels") from error
            if isinstance(error, OSError):
                raise ImageError("this upload is gone: choose it again") from error
            raise


@contextmanager
def _told(role: str, path: Path) -> Iterator[None]:
    """Say what cannot be used, by the name that its owner knows."""
    try:
        yield
    except ImageError as error:
        reason = str(error).replace(str(path), path.name)
        raise ImageError(f"this {role} cannot be used: {reason}") from error


def _check_pixels(path: Path, role: str) -> None:
    # Its size is in a picture's head: a bomb is told before it is decoded.
    width, height, size = extent_of(path)
    if width * height > MOST_PIXELS:
        raise ImageError(
            f"{width}x{height} pixels are too many: reduce the picture to "
            f"{MOST_PIXELS / 1e6:.0f} megapixels"
        )
    if size > MOST_BYTES:
        raise ImageError(
            f"{size / 1e6:.0f} MB of samples are too many: reduce the picture, or save it with 8 "
            "bits a color"
        )
    if min(width, height) < LEAST_SIDE:
        raise ImageError(f"{width}x{height} pixels are too few: choose a larger {role}")
    open_picture(path, max_size=_TRIED_SIZE)


def extent_of(path: Path) -> tuple[int, int, int]:
    """Return width, height and bytes of the samples of a picture, without decoding it."""
    with one_clear_error(str(path)):
        data = path.read_bytes()
        kind = check_head(data, str(path))
        if kind == "TIFF":
            return _of_tiff(path)
        with open_image(data, kind) as image:
            # Pillow speaks of eight bits, whatever the file has.
            deep = kind == "PNG" and is_16bit_png(data)
            samples = image.width * image.height * len(image.getbands())
            return image.width, image.height, samples * (2 if deep else 1)


def _of_tiff(path: Path) -> tuple[int, int, int]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        size = page.dtype.itemsize if page.dtype else 1
        return page.imagewidth, page.imagelength, page.size * size
