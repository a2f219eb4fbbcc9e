"""EXIF: which way is up, and what of the rest may stay; ICC: every picture becomes sRGB."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ExifTags import IFD, Base

_NAMES = "ImageDescription Make Model Software DateTime Artist Copyright"
_DESCRIPTIVE = [Base[name] for name in _NAMES.split()]
"""What is kept of the first directory; in a TIFF it also holds the layout of the file."""
_GONE = (Base.MakerNote, Base.ExifImageWidth, Base.ExifImageHeight, Base.ExifInteroperabilityOffset)
"""Maker notes break when they move and may hide a preview or a place; the sizes become wrong."""
_DATE = slice(24, 36)
_NEARLY = 1  # levels of 255 within which a profile counts as sRGB: its makers round differently
_NO_SHORTCUTS = 0x0100
"""cmsFLAGS_NOOPTIMIZE: the shortcuts of Little CMS err by three levels of 255 in dark 16-bit."""


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
            left = {tag: unchanged_text(value) for tag, value in content if tag not in _GONE}
            if left:
                kept[pointer] = left
        return kept.tobytes() if len(kept) else None
    except Exception:  # a damaged directory raises whatever its bytes happen to cause
        return None


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB, the same bytes every time."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # Little CMS writes the time of day; the same picture has to give the same file.
    profile[_DATE] = bytes((0x07, 0xCE, 0, 2, 0, 9, 0, 6, 0, 0x31, 0, 0))
    return bytes(profile)


def to_srgb(samples: NDArray[Any], space: str, icc: bytes | None) -> NDArray[Any]:
    """Convert samples without alpha, uint8 or uint16, to sRGB (H, W, 3) of the same type.

    They are (H, W, C): 1 channel of "GRAY", 3 of "RGB" or "LAB", 4 of "CMYK". A profile that is
    broken or of other colors is ignored.
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
