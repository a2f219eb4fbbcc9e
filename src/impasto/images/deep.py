"""Reading 16 bits, of which Pillow would silently keep eight, and the common kinds of TIFF."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError
from impasto.images.depth import to_samples, unit_floats
from impasto.images.exif import valid_orientation
from impasto.images.profiles import samples_to_srgb
from impasto.images.resizing import fitted_size, reduce_samples

MAX_PIXELS = 178_956_970
"""Width times height above which a file is taken for a decompression bomb (Pillow's limit)."""
_COLORS = {"MINISBLACK": "GRAY", "MINISWHITE": "GRAY", "RGB": "RGB", "SEPARATED": "CMYK"}
_COUNTS = {"GRAY": 1, "RGB": 3, "CMYK": 4}
_PREMULTIPLIED, _ALPHA = 1, 2
_ICC, _ORIENTATION = 34675, 274
_UNCOMPRESSED, _JPEG = 1, (6, 7)
_SILENT = logging.NullHandler()


@dataclass(frozen=True)
class Deep:
    """Decoded samples at 16 bits, not yet sRGB and not yet turned.

    Attributes:
        samples: uint16 (H, W, C), the last channel alpha if `alpha`.
        space: "GRAY", "RGB" or "CMYK".
        alpha: Whether the last channel is alpha.
        icc: The profile, if any.
        orientation: EXIF orientation, 1 to 8.
        bits: 8 or 16, of the file.
    """

    samples: NDArray[np.uint16]
    space: str
    alpha: bool = False
    icc: bytes | None = None
    orientation: int = 1
    bits: int = 16

    def reduced(self, max_size: int | None) -> Deep:
        """Return it with its longer side at most `max_size` pixels long."""
        height, width = self.samples.shape[:2]
        if max_size is None or max(width, height) <= max_size:
            return self
        size = fitted_size((width, height), max_size)
        return replace(self, samples=reduce_samples(self.samples, size, self.alpha))

    def to_srgb(self) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None]:
        """Return sRGB colors, uint16 (H, W, 3), and alpha, uint16 (H, W) or None."""
        colors = self.samples[..., : _COUNTS[self.space]]
        alpha = self.samples[..., -1] if self.alpha else None
        return samples_to_srgb(colors, self.space, self.icc), alpha


def decode_png(data: bytes, icc: bytes | None, orientation: int) -> Deep:
    """Decode a 16-bit PNG.

    Args:
        data: The file.
        icc: Its profile.
        orientation: Its EXIF orientation.

    Returns:
        Its samples; a transparent color of the file has become alpha.
    """
    import imagecodecs

    samples = np.asarray(imagecodecs.png_decode(data))
    if samples.ndim == 2:
        samples = samples[..., None]
    channels = samples.shape[2]
    space = "RGB" if channels > 2 else "GRAY"
    return Deep(_uint16(samples, 16), space, channels in (2, 4), icc, orientation)


def decode_tiff(data: bytes, label: str) -> Deep | None:
    """Decode the first page of a TIFF of any layout, without a word on the terminal if it fails.

    Args:
        data: The file.
        label: What to call it in messages.

    Returns:
        Its samples; None for what is left to Pillow: fewer than 8 bits, JPEG, palettes, Lab ...

    Raises:
        ImageError: The file is too large or its samples are of no use.
    """
    import tifffile

    # Otherwise its complaints about odd tags would appear on the terminal.
    logging.getLogger("tifffile").addHandler(_SILENT)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages[0]
        check_pixels(page.imagewidth, page.imagelength, label)
        _check_whole(page, len(data), label)
        space = _COLORS.get(getattr(page.photometric, "name", ""))
        if space is None or not _is_plain(page, _COUNTS[space]):
            return None
        array = np.asarray(page.asarray())
        tags = {code: page.tags[code].value for code in (_ICC, _ORIENTATION) if code in page.tags}
        extra = tuple(int(kind) for kind in page.extrasamples)
        bits, white = page.bitspersample, page.photometric.name == "MINISWHITE"
        planar = page.samplesperpixel > 1 and page.planarconfig == 2
    samples = _tiff_samples(array, planar, int(bits), label)
    if white:
        samples = np.concatenate([65535 - samples[..., :1], samples[..., 1:]], axis=2)
    samples, alpha = _tiff_alpha(samples, _COUNTS[space], extra)
    icc = bytes(tags[_ICC]) if _ICC in tags else None
    orientation = valid_orientation(tags.get(_ORIENTATION, 1))
    depth = 8 if array.dtype.itemsize == 1 else 16
    return Deep(np.ascontiguousarray(samples), space, alpha, icc, orientation, depth)


def _is_plain(page: Any, colors: int) -> bool:  # noqa: ANN401 (tifffile has no types)
    bits = page.bitspersample
    if not isinstance(bits, int) or bits < 8 or (bits == 8 and page.compression in _JPEG):
        return False
    return bool(page.samplesperpixel >= colors and page.imagedepth == 1)


def _check_whole(page: Any, length: int, label: str) -> None:  # noqa: ANN401
    # Decoders of JPEG fill up what is missing, and libtiff complains on the terminal.
    ends = (at + count for at, count in zip(page.dataoffsets, page.databytecounts, strict=False))
    if page.compression != _UNCOMPRESSED and max(ends, default=0) > length:
        raise ImageError(f"{label} is cut off: copy or download it again")


def check_pixels(width: int, height: int, label: str) -> None:
    """Refuse sizes that no honest picture has.

    Raises:
        ImageError: There are more than `MAX_PIXELS` pixels.
    """
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{label} has {width} x {height} pixels, more than the {MAX_PIXELS // 10**6} million "
            "that are safe to open: scale it down with another program first"
        )


def _tiff_samples(array: NDArray[Any], planar: bool, bits: int, label: str) -> NDArray[np.uint16]:
    if array.ndim == 2:
        array = array[..., None]
    elif planar:
        array = np.moveaxis(array, 0, -1)
    if array.dtype.kind == "f":
        return to_samples(unit_floats(array, label), 16)
    if array.dtype.kind != "u":
        raise ImageError(f"{label} holds {array.dtype} samples: save it with 8 or 16 bits unsigned")
    return _uint16(array, bits)


def _uint16(samples: NDArray[Any], bits: int) -> NDArray[np.uint16]:
    top = (1 << bits) - 1
    if bits == 16:
        return samples.astype(np.uint16, copy=False)
    if bits == 8:
        exact = samples.astype(np.uint16)
        exact *= np.uint16(257)
        return exact
    return (samples * (65535.0 / top) + 0.5).astype(np.uint16)


def _tiff_alpha(
    samples: NDArray[np.uint16], colors: int, extra: tuple[int, ...]
) -> tuple[NDArray[np.uint16], bool]:
    kind = extra[0] if extra else 0
    # An extra channel of no stated meaning may be anything, most often a forgotten selection.
    if samples.shape[2] == colors or kind not in (_PREMULTIPLIED, _ALPHA):
        return samples[..., :colors], False
    samples = samples[..., : colors + 1]
    if kind == _PREMULTIPLIED:
        cover = np.maximum(samples[..., -1:].astype(np.float32), 1) / np.float32(65535)
        plain = np.minimum(samples[..., :-1] / cover + np.float32(0.5), 65535)
        samples = np.concatenate([plain.astype(np.uint16), samples[..., -1:]], axis=2)
    return samples, True
