"""EXIF: which way is up, and what of the rest may stay."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import IFD, Base

_DESCRIPTIVE = (
    Base.ImageDescription,
    Base.Make,
    Base.Model,
    Base.Software,
    Base.DateTime,
    Base.Artist,
    Base.Copyright,
)
"""What is kept of the first directory; in a TIFF it also holds the layout of the file."""
_DROPPED = (
    Base.MakerNote,
    Base.ExifImageWidth,
    Base.ExifImageHeight,
    Base.ExifInteroperabilityOffset,
)
"""Maker notes break when they move and may hide a preview or a place; the sizes become wrong."""


class _Text(str):
    """Text of an EXIF block that goes out as the bytes it came in as.

    Pillow takes every text for Latin-1 when it reads, and for ASCII when it writes.
    """

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return super().encode("latin-1")


def unchanged_text(value: object) -> Any:  # noqa: ANN401 (as EXIF values are)
    """Return a value of an EXIF directory; a text is encoded as the bytes that were read."""
    return _Text(value) if isinstance(value, str) else value


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 if there is none or it is nonsense.

    Call it after `image.load()`: Pillow turns some formats itself while loading.
    """
    try:
        value = image.getexif().get(Base.Orientation, 1)
    except Exception:  # a damaged directory raises whatever its bytes happen to cause
        return 1
    return valid_orientation(value)


def valid_orientation(value: object) -> int:
    """Return an EXIF orientation, or 1 for anything that is none."""
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def turn(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn an array (H, W) or (H, W, C) upright, by its EXIF orientation, 1 to 8."""
    # 5 to 8 are 1 to 4 read along columns instead of rows.
    if orientation > 4:
        array = np.swapaxes(array, 0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def kept_exif(image: Image.Image, *, keep_gps: bool) -> bytes | None:
    """Collect the EXIF data that a saved picture may carry, as Pillow writes it, or None.

    Orientation, thumbnail and maker notes go, and unless `keep_gps` the place.
    """
    try:
        exif, kept = image.getexif(), Image.Exif()
        kept.update({tag: unchanged_text(exif[tag]) for tag in _DESCRIPTIVE if tag in exif})
        for pointer in (IFD.Exif, IFD.GPSInfo) if keep_gps else (IFD.Exif,):
            content = exif.get_ifd(pointer).items()
            left = {tag: unchanged_text(value) for tag, value in content if tag not in _DROPPED}
            if left:
                kept[pointer] = left
        return kept.tobytes() if len(kept) else None
    except Exception:  # a damaged directory raises whatever its bytes happen to cause
        return None
