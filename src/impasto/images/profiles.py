"""ICC profiles: every picture becomes sRGB on its way in, and says so on its way out."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
_DATE = slice(24, 36)
_AS_IT_IS = 1
"""Levels of 255 within which a profile counts as sRGB: its makers round differently."""
_NO_SHORTCUTS = 0x0100
"""cmsFLAGS_NOOPTIMIZE: the shortcuts of Little CMS err by three levels of 255 in dark 16-bit."""


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB, the same bytes every time."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # Little CMS writes the time of day; the same picture has to give the same file.
    profile[_DATE] = bytes((0x07, 0xCE, 0, 2, 0, 9, 0, 6, 0, 0x31, 0, 0))
    return bytes(profile)


@lru_cache(maxsize=16)
def profile_space(icc: bytes) -> str:
    """Tell which colors a profile describes.

    Args:
        icc: An ICC profile.

    Returns:
        "RGB", "GRAY", "CMYK" or "Lab"; "" for a broken profile or any other space.
    """
    try:
        space = ImageCms.getOpenProfile(io.BytesIO(icc)).profile.xcolor_space.strip()
    except (ImageCms.PyCMSError, OSError, ValueError):
        return ""
    return space if space in _MODES else ""


@lru_cache(maxsize=16)
def is_srgb(icc: bytes) -> bool:
    """Tell whether an RGB profile says nothing else than sRGB.

    Leaving such pictures alone keeps a file that is opened and saved exactly as it was.
    """
    if icc == srgb_profile():
        return True
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    converted = _converted(Image.fromarray(grid), icc)
    if converted is None:
        return True
    change = np.abs(np.asarray(converted, np.int16) - grid.astype(np.int16))
    return int(change.max()) <= _AS_IT_IS


def image_to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Convert an 8-bit image without alpha to sRGB.

    Args:
        image: Mode L, RGB, CMYK or LAB.
        icc: Its profile; one that is broken or of other colors is ignored.

    Returns:
        An image of mode RGB.
    """
    space = profile_space(icc) if icc else ""
    if space == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    if icc and _MODES.get(space) == image.mode and not (space == "RGB" and is_srgb(icc)):
        converted = _converted(image, icc)
        if converted is not None:
            return converted
    if image.mode == "LAB":
        # Pillow itself cannot leave Lab; the profile of Lab is Lab.
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        return _converted(image, lab) or image.getchannel(0).convert("RGB")
    return image.convert("RGB")


def _converted(image: Image.Image, icc: bytes) -> Image.Image | None:
    try:
        return ImageCms.profileToProfile(
            image, io.BytesIO(icc), io.BytesIO(srgb_profile()), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def samples_to_srgb(
    samples: NDArray[np.uint16], space: str, icc: bytes | None
) -> NDArray[np.uint16]:
    """Convert 16-bit samples without alpha to sRGB, at 16 bits.

    Args:
        samples: uint16 (H, W, C): 1 channel of "GRAY", 3 of "RGB" or 4 of "CMYK".
        space: What they are.
        icc: Their profile; one that is broken or of other colors is ignored.

    Returns:
        uint16 (H, W, 3).
    """
    described = profile_space(icc) if icc else ""
    if described == "RGB" and space == "GRAY":
        samples, space = np.repeat(samples, 3, axis=2), "RGB"
    if icc and described == space and not (space == "RGB" and is_srgb(icc)):
        converted = _converted_samples(samples, space, icc)
        if converted is not None:
            return converted
    if space == "CMYK":
        ink = np.float32(65535) - samples.astype(np.float32)
        colors: NDArray[Any] = ink[..., :3] * ink[..., 3:] / np.float32(65535)
        return (colors + np.float32(0.5)).astype(np.uint16)
    return np.repeat(samples, 3, axis=2) if space == "GRAY" else samples


def _converted_samples(
    samples: NDArray[np.uint16], space: str, icc: bytes
) -> NDArray[np.uint16] | None:
    import imagecodecs

    try:
        converted = imagecodecs.cms_transform(
            np.ascontiguousarray(samples),
            icc,
            srgb_profile(),
            colorspace=space,
            outcolorspace="RGB",
            outdtype="uint16",
            intent=int(ImageCms.Intent.PERCEPTUAL),
            flags=_NO_SHORTCUTS,
        )
    except (imagecodecs.CmsError, ValueError):
        return None
    return np.asarray(converted, np.uint16).reshape(*samples.shape[:2], 3)
