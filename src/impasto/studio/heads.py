"""How much a picture is when it is decoded, told from its head before that."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, NamedTuple

from impasto.images.decoding import open_image
from impasto.images.formats import is_16bit_png
from impasto.images.reading import check_head, one_clear_error

# Its complaints about odd tags would appear on the terminal.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


class Extent(NamedTuple):
    """How much a picture is.

    Attributes:
        width: In pixels.
        height: In pixels.
        bytes: Of its samples, as many bits as they have.
    """

    width: int
    height: int
    bytes: int


def extent_of(path: Path) -> Extent:
    """Return how much a picture is, without decoding it.

    Args:
        path: Its file.

    Raises:
        ImageError: It is not a picture, or one whose head is damaged.
    """
    with one_clear_error(str(path)):
        data = path.read_bytes()
        kind = check_head(data, str(path))
        if kind == "TIFF":
            return _of_tiff(path)
        with open_image(data, kind) as image:
            # Pillow speaks of eight bits, whatever the file has.
            deep = kind == "PNG" and is_16bit_png(data)
            samples = image.width * image.height * len(image.getbands())
            return Extent(image.width, image.height, samples * (2 if deep else 1))


def _of_tiff(path: Path) -> Extent:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        size = page.dtype.itemsize if page.dtype else 1
        return Extent(page.imagewidth, page.imagelength, page.size * size)
