"""Whether a downloaded file is a picture, whole, and one that is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from PIL import Image

from impasto.collect.options import TYPES, CollectOptions
from impasto.collect.refusals import RefusalError
from impasto.errors import ImageError
from impasto.images import open_picture
from impasto.images.decoding import open_image
from impasto.images.exif import orientation_of
from impasto.images.formats import HEAD_BYTES, sniff
from impasto.images.reading import one_clear_error

MOST_PIXELS = 100_000_000
"""Larger pictures are not decoded: a small file may hold gigabytes of one color."""
_HASHED_SIZE = 256
_SUFFIXES = {kind: suffix for suffix, kind in TYPES.items()}
#: EXIF orientations that lay a picture on its side.
_TURNED = (5, 6, 7, 8)


class Look(NamedTuple):
    """What a look at a picture has found.

    Attributes:
        type: One of `TYPES`, by the content.
        width: In pixels, upright.
        height: In pixels, upright.
        phash: The perceptual hash, 64 bits.
    """

    type: str
    width: int
    height: int
    phash: int


def picture_type(head: bytes) -> str | None:
    """Tell a picture's type by its first bytes; None: it is no picture that impasto reads."""
    kind = sniff(head[:HEAD_BYTES])
    return None if kind is None else _SUFFIXES[kind]


def inspect(path: Path, options: CollectOptions) -> Look:
    """Look at a file: first at its head, then decode all of it.

    The hash is imagehash's `phash`: the lowest frequencies of the picture in gray, above or below
    their median. Size, compression, sharpness and brightness hardly change it, and in unlike
    pictures about half of the 64 bits differ; `dhash`, which compares neighbors, has as many bits
    but more chance hits among pictures with large even parts.

    Args:
        path: The file.
        options: What is wanted.

    Raises:
        RefusalError: It is broken or not wanted.
    """
    data = path.read_bytes()
    kind = picture_type(data)
    if kind is None:
        raise RefusalError("content", "no picture that impasto reads, whatever its name says")
    if kind not in options.types:
        raise RefusalError("type", f"a picture of type {kind}")
    try:
        width, height = _size(data, kind)
        check_shape(width, height, options)
        return Look(kind, width, height, _phash(data))
    except ImageError as error:
        if isinstance(error.__cause__, Image.DecompressionBombError):
            raise RefusalError("pixels", "far too many pixels to be decoded") from error
        raise RefusalError("broken", "damaged, cut off or of an unknown kind") from error


def check_shape(width: int, height: int, options: CollectOptions) -> None:
    """Refuse sizes that are not wanted.

    Raises:
        RefusalError: Too small, too large, too long, or too many pixels to be safe.
    """
    text = f"{width} x {height} pixels"
    if width < 1 or height < 1:
        raise RefusalError("broken", text)
    if width * height > MOST_PIXELS:
        raise RefusalError("pixels", text)
    if min(width, height) < options.min_size or max(width, height) > options.max_size:
        raise RefusalError("size", text)
    if not options.aspect[0] <= width / height <= options.aspect[1]:
        raise RefusalError("aspect", text)


def check_license(license: str | None, options: CollectOptions) -> None:
    """Refuse a license that is not wanted, or not known where one is wanted.

    Raises:
        RefusalError: It is so.
    """
    if options.license is not None and license not in options.license:
        raise RefusalError("license", license or "no license is named")


def _size(data: bytes, kind: str) -> tuple[int, int]:
    """Return width and height as the file's head has them, upright."""
    with one_clear_error("the picture"), open_image(data, TYPES[kind]) as image:
        width, height = image.size
        turned = kind in ("jpg", "tiff", "png", "webp") and orientation_of(image) in _TURNED
        return (height, width) if turned else (width, height)


def _phash(data: bytes) -> int:
    import imagehash

    # Decoding small is quick for a JPEG, and still reads it to its end.
    pixels = open_picture(data, max_size=_HASHED_SIZE).filled().to_array()
    return int(str(imagehash.phash(Image.fromarray(pixels))), 16)


class Hashes:
    """The hashes of all pictures kept: some bytes each, compared one by one.

    Args:
        near: Bits in which near-duplicates differ at most.
    """

    def __init__(self, near: int) -> None:
        self._near = near
        self._known: dict[int, int] = {}

    def add(self, item: int, phash: int) -> None:
        """Remember the hash of an item's picture, instead of the one before."""
        self._known[item] = phash

    def count(self) -> int:
        """Return how many are remembered."""
        return len(self._known)

    def nearest(self, phash: int, but: int) -> int | None:
        """Return the first item, but one, with a near-duplicate."""
        for item, known in self._known.items():
            if (known ^ phash).bit_count() <= self._near and item != but:
                return item
        return None
