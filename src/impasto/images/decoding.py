"""Decoding pictures to samples of 8 bits with Pillow, of 16 bits with what keeps all of them."""

import io
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from impasto.errors import ImageError
from impasto.images.formats import HEAD_BYTES, is_16bit_png, pillow_format, sniff
from impasto.images.metadata import orientation_of, to_srgb, turn, valid_orientation
from impasto.images.pixels import fitted_size, quantize, resize, unit_floats
from impasto.images.reading import check_head, check_pixels, suppress_warnings

_PLAIN = {"L": "GRAY", "LA": "GRAY", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK", "LAB": "LAB"}
_T = Image.Transpose
_LAB_SIGNS = np.array([0, 128, 128], np.uint8)
"""Between Pillow's a and b, signed as in TIFF, and those of Little CMS, which begin at -128."""
_MOST_SCANS = 100  # encoders write 20 at most; each goes over the whole picture
_GAP = 3.0  # Pillow first shrinks to this many times the size wanted, fast and in place
_ROOM = 4  # times the size wanted that a JPEG decodes at, at least
_TIFF = {"MINISBLACK": "GRAY", "MINISWHITE": "GRAY", "RGB": "RGB", "SEPARATED": "CMYK"}
_CHANNELS = {"GRAY": 1, "RGB": 3, "CMYK": 4}
_PREMULTIPLIED, _ALPHA = 1, 2
_TURNS = {2: _T.FLIP_LEFT_RIGHT, 3: _T.ROTATE_180, 4: _T.FLIP_TOP_BOTTOM, 5: _T.TRANSPOSE}
_TURNS |= {6: _T.ROTATE_270, 7: _T.TRANSVERSE, 8: _T.ROTATE_90}
_ICC, _ORIENTATION = 34675, 274
_UNCOMPRESSED, _JPEG = 1, (6, 7)
_MOVING = ("GIF", "WEBP", "PNG", "AVIF")  # formats of animations, as Pillow names them
_SILENT = logging.NullHandler()
_Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True)
class Samples:
    """What a decoder returns: not yet sRGB and not yet upright."""

    colors: NDArray[Any]  # uint8 or uint16 (H, W, C)
    space: str  # "GRAY", "RGB", "CMYK" or "LAB"
    alpha: NDArray[Any] | None = None  # (H, W) of the same type
    icc: bytes | None = None  # the profile, if any
    orientation: int = 1  # of EXIF, 1 to 8
    bits: int = 16  # 8 or 16, of the file
    image: Image.Image | None = None  # has the EXIF data, if there may be any

    def upright(self, max_size: int | None) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Return upright sRGB colors (H, W, 3) and alpha (H, W), or None, of the same type.

        The longer side is at most `max_size` pixels long.
        """
        colors, alpha = self.colors, self.alpha
        height, width = colors.shape[:2]
        if max_size is not None and max(width, height) > max_size:
            colors, alpha = resize(colors, alpha, fitted_size((width, height), max_size))
        colors = turn(to_srgb(colors, self.space, self.icc), self.orientation)
        return colors, None if alpha is None else turn(alpha, self.orientation)


def open_image(file: bytes | Path) -> Image.Image:
    """Open a file, or what is in it, only as what `sniff` finds, by Pillow, without decoding it."""
    if isinstance(file, bytes):
        return Image.open(io.BytesIO(file), formats=(pillow_format(str(sniff(file))),))
    with file.open("rb") as begun:
        kind = sniff(begun.read(HEAD_BYTES))
    return Image.open(file, formats=(pillow_format(str(kind)),))


def head_of(source: object) -> tuple[int, bool] | None:
    """Return the longest side of a picture in a file, and whether it is an animation.

    Nothing is decoded for that. None: the head of the file does not say so, or it is no file.
    """
    file: Any = Path(source) if isinstance(source, str) else source
    with suppress(Exception), suppress_warnings():  # what is wrong is said when it is decoded
        if not isinstance(file, Path) or file.is_file():  # a pipe can be read only once
            with open_image(file) as image:
                moves = image.format in _MOVING and getattr(image, "is_animated", False)
                return max(image.size), moves
    return None


def decode(data: bytes, max_size: int | None, label: str) -> Samples:
    """Decode a file, by Pillow no larger than `max_size` pixels on its longest side."""
    kind = check_head(data, label)
    samples = _decode_tiff(data, label) if kind == "TIFF" else None
    if samples is not None:
        with suppress(Exception):  # Pillow knows only some layouts of TIFF
            samples = replace(samples, image=open_image(data))
        return samples
    if kind == "JPEG":
        _check_scans(data, label)
    try:
        image = open_image(data)
    except UnidentifiedImageError as error:
        if kind != "TIFF":
            raise
        raise ImageError(f"{label} is a rare kind of TIFF: save it as RGB, 8 or 16 bits") from error
    if kind == "PNG" and is_16bit_png(data):
        return _decode_16bit_png(data, image, label)
    return decode_image(image, max_size, label)


def _check_scans(data: bytes, label: str) -> None:
    scans = data.count(b"\xff\xda")  # in what is compressed, 00 follows each FF
    if scans > _MOST_SCANS:
        raise ImageError(
            f"{label} is a JPEG of {scans} scans, and {_MOST_SCANS} are decoded: save it again "
            "with another program"
        )


def decode_image(image: Image.Image, max_size: int | None, label: str) -> Samples:
    """Decode an image of any of Pillow's modes, its longest side at most `max_size` pixels."""
    check_pixels(image.width * image.height, label)
    if image.mode[0] not in "IF":
        return _decode_8bit(image, max_size)
    values = np.asarray(image)
    if image.mode == "F":
        values = quantize(unit_floats(values, label), 16)
    elif values.min() < 0 or values.max() > 65535:
        raise ImageError(f"{label} has values beyond 16 bits: scale them to 0 ... 65535")
    gray = values.astype(np.uint16)[..., None]
    icc = image.info.get("icc_profile")
    return Samples(gray, "GRAY", icc=icc, orientation=orientation_of(image), image=image)


def _decode_8bit(image: Image.Image, max_size: int | None) -> Samples:
    size, box = _load(image, max_size)
    given, orientation = image, orientation_of(image)
    image = _plain(image)
    if size != image.size:
        if orientation != 1 and box is None:  # turned first, as in browsers
            image = image.transpose(_TURNS[orientation])
            size, orientation = size if orientation < 5 else size[::-1], 1
        image = image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=_GAP)
    values, alpha = np.atleast_3d(np.asarray(image)), None
    if image.mode in ("LA", "RGBA"):
        values, alpha = values[..., :-1], values[..., -1]
    elif image.mode == "LAB":
        values = values ^ _LAB_SIGNS
    icc = given.info.get("icc_profile")
    return Samples(values, _PLAIN[image.mode], alpha, icc, orientation, 8, given)


def _load(image: Image.Image, max_size: int | None) -> tuple[tuple[int, int], _Box | None]:
    """Decode; return the size to resize to and the box that is the picture, None for all of it."""
    if max_size is None or max(image.size) <= max_size:
        image.load()
        return image.size, None
    size = fitted_size(image.size, max_size)
    # A huge JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the time and the memory; its sides
    # are rounded up then, which must change neither the size wanted nor the shape. Up to 8
    # times the size it decodes whole, as in browsers: networks amplify the last bits of flat areas.
    drafted = image.draft(None, (size[0] * _ROOM, size[1] * _ROOM))
    image.load()
    if drafted and drafted[1][2:] != image.size:
        return size, drafted[1]
    return fitted_size(image.size, max_size), None  # Pillow turns some formats while loading


def _plain(image: Image.Image) -> Image.Image:
    if image.mode in ("L", "RGB", "1", "P") and image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in _PLAIN:
        return image
    modes: dict[str, Any] = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA"}
    return image.convert(modes.get(image.mode, "RGB"))


def _decode_16bit_png(data: bytes, image: Image.Image, label: str) -> Samples:
    """Decode a PNG with 16 bits; a transparent color of the file becomes alpha."""
    import imagecodecs

    check_pixels(image.width * image.height, label)
    # Pillow would decode everything to find EXIF data that is not there.
    tagged = b"eXIf" in data
    orientation, icc = orientation_of(image) if tagged else 1, image.info.get("icc_profile")
    values = np.atleast_3d(np.asarray(imagecodecs.png_decode(data)).astype(np.uint16, copy=False))
    space, alpha = "RGB" if values.shape[2] > 2 else "GRAY", None
    if values.shape[2] in (2, 4):
        values, alpha = values[..., :-1], values[..., -1]
    return Samples(values, space, alpha, icc, orientation, image=image if tagged else None)


def _decode_tiff(data: bytes, label: str) -> Samples | None:
    """Decode the first page of a TIFF of any layout to 16 bits, silently even if it is damaged.

    None is returned for what is left to Pillow: fewer than 8 bits, JPEG, palettes, Lab ...
    """
    import tifffile

    # Otherwise its complaints about odd tags would appear on the terminal.
    logging.getLogger("tifffile").addHandler(_SILENT)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages[0]
        samples = page.samplesperpixel * max(1, page.imagedepth)
        check_pixels(page.imagewidth * page.imagelength * max(1, samples / 4), label)
        _check_whole(page, len(data), label)
        space = _TIFF.get(getattr(page.photometric, "name", ""))
        if space is None or not _is_plain_tiff(page, _CHANNELS[space]):
            return None
        array = np.asarray(page.asarray())
        if not array.size:
            raise ValueError("it has no pixels")
        icc, orientation = page.tags.valueof(_ICC), page.tags.valueof(_ORIENTATION)
        extra = int(page.extrasamples[0]) if page.extrasamples else 0
        bits, white = int(page.bitspersample), page.photometric.name == "MINISWHITE"
        if page.samplesperpixel > 1 and page.planarconfig == 2 and array.ndim > 2:
            array = np.moveaxis(array, 0, -1)
    colors, alpha = _tiff_alpha(_tiff_values(array, bits, label), _CHANNELS[space], extra)
    colors, depth = 65535 - colors if white else colors, 8 if array.dtype.itemsize == 1 else 16
    icc = None if icc is None else bytes(icc)
    return Samples(colors, space, alpha, icc, valid_orientation(orientation), depth)


def _is_plain_tiff(page: Any, colors: int) -> bool:  # noqa: ANN401 (tifffile has no types)
    bits = page.bitspersample
    if not isinstance(bits, int) or bits < 8 or (bits == 8 and page.compression in _JPEG):
        return False
    return bool(page.samplesperpixel >= colors and page.imagedepth == 1)


def _check_whole(page: Any, length: int, label: str) -> None:  # noqa: ANN401
    # Decoders of JPEG fill up what is missing, and libtiff complains on the terminal.
    ends = (at + count for at, count in zip(page.dataoffsets, page.databytecounts, strict=False))
    if page.compression != _UNCOMPRESSED and max(ends, default=0) > length:
        raise ImageError(f"{label} is cut off: copy or download it again")


def _tiff_values(array: NDArray[Any], bits: int, label: str) -> NDArray[np.uint16]:
    array = np.atleast_3d(array)
    if array.dtype.kind == "f":
        return quantize(unit_floats(array, label), 16)
    if array.dtype.kind != "u":
        raise ImageError(f"{label} holds {array.dtype} samples: save it with 8 or 16 bits unsigned")
    if bits == 16:
        return array.astype(np.uint16, copy=False)
    if bits == 8:
        return array * np.uint16(257)
    return (array * (65535.0 / ((1 << bits) - 1)) + 0.5).astype(np.uint16)


def _tiff_alpha(
    values: NDArray[np.uint16], channels: int, extra: int
) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None]:
    """Split off alpha, if the first extra channel is of a kind that says so."""
    colors = values[..., :channels]
    # An extra channel of no stated meaning may be anything, most often a forgotten selection.
    if values.shape[2] == channels or extra not in (_PREMULTIPLIED, _ALPHA):
        return colors, None
    alpha = values[..., channels]
    if extra == _PREMULTIPLIED:
        cover = np.maximum(alpha[..., None].astype(np.float32), 1) / np.float32(65535)
        colors = np.minimum(colors / cover + np.float32(0.5), 65535).astype(np.uint16)
    return colors, alpha
