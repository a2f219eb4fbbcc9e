"""ICC profiles: every picture becomes sRGB on its way in, and says so on its way out."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

_DATE = slice(24, 36)
_NEARLY = 1
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


def to_srgb(samples: NDArray[Any], space: str, icc: bytes | None) -> NDArray[Any]:
    """Convert samples without alpha, uint8 or uint16, to sRGB (H, W, 3) of the same type.

    Args:
        samples: (H, W, C): 1 channel of "GRAY", 3 of "RGB" or "LAB", 4 of "CMYK".
        space: What they are.
        icc: Their profile; one that is broken or of other colors is ignored.
    """
    described = _space_of(icc) if icc else ""
    if described == "RGB" and space == "GRAY":
        samples, space = np.repeat(samples, 3, axis=2), "RGB"
    if space == "LAB" and described != "LAB":
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        described = "LAB"
    if icc and described == space and not (space == "RGB" and _is_srgb(icc)):
        converted = _converted(samples, space, icc)
        if converted is not None:
            return converted
    if space == "CMYK":
        top = np.float32(np.iinfo(samples.dtype).max)
        ink = top - samples.astype(np.float32)
        colors: NDArray[Any] = ink[..., :3] * ink[..., 3:] / top
        return (colors + np.float32(0.5)).astype(samples.dtype)
    return samples if space == "RGB" else np.repeat(samples[..., :1], 3, axis=2)


@lru_cache(maxsize=16)
def _space_of(icc: bytes) -> str:
    """Tell which colors a profile describes, such as "RGB" or "LAB"; "" if it is broken."""
    try:
        return ImageCms.getOpenProfile(io.BytesIO(icc)).profile.xcolor_space.strip().upper()
    except (ImageCms.PyCMSError, OSError, ValueError):
        return ""


@lru_cache(maxsize=16)
def _is_srgb(icc: bytes) -> bool:
    """Tell whether an RGB profile says nothing else than sRGB.

    Leaving such pictures alone keeps a file that is opened and saved exactly as it was.
    """
    if icc == srgb_profile():
        return True
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    converted = _converted(grid, "RGB", icc)
    return converted is None or int(np.abs(converted.astype(int) - grid).max()) <= _NEARLY


def _converted(samples: NDArray[Any], space: str, icc: bytes) -> NDArray[Any] | None:
    import imagecodecs

    try:
        converted = imagecodecs.cms_transform(
            np.ascontiguousarray(samples),
            icc,
            srgb_profile(),
            colorspace=space,
            outcolorspace="RGB",
            outdtype=samples.dtype,
            intent=int(ImageCms.Intent.PERCEPTUAL),
            flags=_NO_SHORTCUTS if samples.dtype == np.uint16 else 0,
        )
    except (imagecodecs.CmsError, ValueError):
        return None
    return np.asarray(converted, samples.dtype).reshape(*samples.shape[:2], 3)
