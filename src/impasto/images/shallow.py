"""Reading 8 bits, with Pillow: any of its modes becomes sRGB and perhaps alpha."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.images.exif import orientation_of, turn
from impasto.images.profiles import image_to_srgb
from impasto.images.resizing import fitted_size

_PILLOW = {
    "JPEG": ("JPEG", "MPO"),
    "WebP": ("WEBP",),
    "HEIC": ("HEIF",),
}
_GAP = 3.0
"""Pillow first shrinks to this many times the size wanted, fast and in place."""


def open_image(data: bytes, kind: str) -> Image.Image:
    """Open a file with Pillow, only as the format that its first bytes announce.

    Args:
        data: The file.
        kind: One of `formats.READABLE`.

    Returns:
        The image, its pixels not yet decoded.
    """
    if kind == "HEIC":
        import pillow_heif

        pillow_heif.register_heif_opener()
    return Image.open(io.BytesIO(data), formats=_PILLOW.get(kind, (kind,)))


def decode_image(
    image: Image.Image, max_size: int | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Decode an image of up to 8 bits, smaller if asked, upright and in sRGB.

    Args:
        image: Any mode of Pillow's with 8 bits or fewer.
        max_size: The longest side allowed, in pixels.

    Returns:
        Colors, uint8 (H, W, 3), and alpha, uint8 (H, W), or None if the image has none.
    """
    size, box = _load(image, max_size)
    orientation = orientation_of(image)
    icc = image.info.get("icc_profile")
    if size != image.size:
        filter = Image.Resampling.LANCZOS
        image = _plain(image).resize(size, filter, box=box, reducing_gap=_GAP)
    colors, alpha = _split(_plain(image))
    pixels = np.asarray(image_to_srgb(colors, icc), np.uint8)
    coverage = None if alpha is None else turn(np.asarray(alpha, np.uint8), orientation)
    return turn(pixels, orientation), coverage


def _load(
    image: Image.Image, max_size: int | None
) -> tuple[tuple[int, int], tuple[float, float, float, float] | None]:
    """Decode; return the size to resize to and the box that is the picture, None for all of it."""
    if max_size is None or max(image.size) <= max_size:
        image.load()
        return image.size, None
    size = fitted_size(image.size, max_size)
    # A JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the time and the memory; its sides are
    # rounded up then, which must change neither the size wanted nor the shape.
    drafted = image.draft(None, (size[0] * 2, size[1] * 2))
    image.load()
    if drafted:
        return size, drafted[1]
    return fitted_size(image.size, max_size), None  # Pillow turns some formats while loading


def _plain(image: Image.Image) -> Image.Image:
    """Return an image of mode L, LA, RGB, RGBA, CMYK or LAB."""
    if image.mode in ("L", "RGB", "1", "P") and image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB"):
        return image
    modes: dict[str, Any] = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA"}
    return image.convert(modes.get(image.mode, "RGB"))


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if image.mode == "LA":
        gray, alpha = image.split()
        return gray, alpha
    if image.mode == "RGBA":
        return image.convert("RGB"), image.getchannel("A")
    return image, None
