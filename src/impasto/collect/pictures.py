"""Whether a downloaded file is a picture, whole, and wanted."""

from typing import Any

from PIL import Image

from impasto.collect.items import RejectedError
from impasto.collect.options import CollectOptions
from impasto.errors import ImageError
from impasto.images import open_picture
from impasto.images.decoding import open_image
from impasto.images.exif import orientation_of
from impasto.images.formats import sniff
from impasto.images.reading import one_clear_error

MOST_PIXELS = 100_000_000
"""Larger pictures are not decoded: a small file may hold gigabytes of one color."""


def picture_type(head: bytes) -> str | None:
    """Tell a picture's type by its first bytes; None: impasto reads no such pictures."""
    kind = sniff(head)
    return "jpg" if kind == "JPEG" else kind and kind.lower()


def inspect(data: bytes, options: CollectOptions) -> dict[str, Any]:
    """Return type, width, height (upright) and phash of a file, first by its head, then whole.

    Raises:
        RejectedError: It is broken or not wanted.
    """
    kind = picture_type(data)
    if kind is None:
        raise RejectedError("content", "not a picture that impasto reads, whatever its name")
    if kind not in options.types:
        raise RejectedError("type", f"a picture of type {kind}")
    try:
        with one_clear_error("the picture"), open_image(data, str(sniff(data))) as image:
            width, height = image.size
            if kind in ("jpg", "tiff", "png", "webp") and orientation_of(image) >= 5:
                width, height = height, width  # it lies on its side
        check_shape(width, height, options)
        phash = perceptual_hash(data)
        return {"type": kind, "width": width, "height": height, "phash": phash}
    except ImageError as error:
        if isinstance(error.__cause__, Image.DecompressionBombError):
            raise RejectedError("pixels", "far too many pixels to be decoded") from error
        raise RejectedError("broken", "damaged, cut off or of an unknown kind") from error


def check_shape(width: int, height: int, options: CollectOptions) -> None:
    """Raise RejectedError for sizes in pixels that are not wanted, or too many to be safe."""
    text = f"{width} x {height} pixels"
    if width < 1 or height < 1:
        raise RejectedError("broken", text)
    if width * height > MOST_PIXELS:
        raise RejectedError("pixels", text)
    if min(width, height) < options.min_size or max(width, height) > options.max_size:
        raise RejectedError("size", text)
    if not options.aspect[0] <= width / height <= options.aspect[1]:
        raise RejectedError("aspect", text)


def check_license(license: str | None, options: CollectOptions) -> None:
    """Raise RejectedError for a license that is not wanted, or unknown where one is wanted."""
    if options.license is not None and license not in options.license:
        raise RejectedError("license", license or "no license is named")


def perceptual_hash(data: bytes) -> str:
    """Return 64 bits, in hexadecimal, that size, compression and brightness hardly change.

    It is imagehash's `phash`. About half of its bits differ between unlike pictures; `dhash` has
    more chance hits among pictures with large even parts.
    """
    import imagehash

    # Decoding small is quick for a JPEG, and still reads it to its end.
    pixels = open_picture(data, max_size=256).filled().to_array()
    return str(imagehash.phash(Image.fromarray(pixels)))
