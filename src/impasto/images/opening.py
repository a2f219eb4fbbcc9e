"""Opening pictures: from anywhere, upright, in sRGB, with the depth they have."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from impasto.errors import ImageError
from impasto.images import png
from impasto.images.deep import Deep, check_pixels, decode_png, decode_tiff
from impasto.images.depth import to_floats, to_samples, unit_floats
from impasto.images.exif import kept_exif, orientation_of, turn
from impasto.images.formats import HEAD_BYTES
from impasto.images.picture import Identity, Picture
from impasto.images.reading import check_head, one_clear_error, read_bytes
from impasto.images.shallow import decode_image, open_image
from impasto.images.sources import STDIN, NamedBytes, Source, read_source, without_torch


class _Request(NamedTuple):
    """What is to be opened, and how."""

    label: str
    name: str
    max_size: int | None
    keep_exif: bool
    keep_gps: bool


def open_picture(
    source: Source,
    *,
    max_size: int | None = None,
    keep_exif: bool = False,
    keep_gps: bool = False,
) -> Picture:
    """Open a picture of any common kind.

    JPEG, PNG, WebP, TIFF, BMP, GIF (its first frame), HEIC and AVIF are told by their content,
    turned as EXIF says and converted to sRGB; 16 bits stay 16 bits.

    Args:
        source: A path, "-" for standard input, the bytes of a file, a file object, a Pillow
            image, a `Picture`, an array: uint8, uint16 or floats in [0, 1], of shape (H, W),
            (H, W, 1), (H, W, 3) or (H, W, 4), or a torch tensor: uint8 or floats in [0, 1], of
            shape (C, H, W) or (1, C, H, W).
        max_size: The longest side in pixels; larger pictures are reduced while they are decoded,
            smaller ones stay as they are.
        keep_exif: Whether the EXIF data is kept, without thumbnail, maker notes and place.
        keep_gps: Whether the EXIF data is kept, and the place as well.

    Returns:
        The picture.

    Raises:
        ImageError: It cannot be opened; one line says which, why and what to do.

    Examples:
        >>> open_picture("harbour.jpg", max_size=48)
        <Picture 'harbour' 48x32, 8 bit>
    """
    if max_size is not None and max_size < 1:
        raise ImageError(f"max_size is {max_size}: ask for at least 1 pixel")
    source = without_torch(source)
    if isinstance(source, Picture):
        return _fitted(source, max_size)
    if isinstance(source, np.ndarray):
        return _fitted(_from_array(source), max_size)
    if isinstance(source, Image.Image):
        file = str(getattr(source, "filename", ""))
        label = file or "the given image"
    else:
        source, label, file = _load(source)
    request = _Request(label, Path(file).stem, max_size, keep_exif or keep_gps, keep_gps)
    with one_clear_error(label):
        if not isinstance(source, bytes):
            return _given(source, request)
        picture = _from_bytes(source, request)
        # Here, where the bytes are at hand: a file is read once.
        identity = Identity(Path(file).name or "bytes", sha256(source).hexdigest())
        object.__setattr__(picture, "identity", identity)
        return picture


def _load(source: Source) -> tuple[bytes, str, str]:
    """Return the bytes, what to call them in messages, and the name of their file or ""."""
    loaded = read_source(source)
    if isinstance(loaded, NamedBytes):
        named = loaded.name != "bytes"
        return loaded, loaded.name if named else "the given data", loaded.name * named
    if isinstance(loaded, (bytes, bytearray)):
        return bytes(loaded), "the given data", ""
    if isinstance(loaded, (str, Path)):
        return read_bytes(Path(loaded)), str(loaded), str(loaded)
    raise ImageError(
        f"cannot open a {type(source).__name__} as a picture: give a path, {STDIN!r}, bytes, "
        "a file, a Pillow image or an array (H, W, 3)"
    )


def _given(image: Image.Image, request: _Request) -> Picture:
    image.load()  # a JPEG not yet decoded would be decoded small, for its owner too
    return _from_image(image, request)


def _from_bytes(data: bytes, request: _Request) -> Picture:
    kind = check_head(data[:HEAD_BYTES], request.label)
    if kind == "PNG" and png.bit_depth(data) == 16:
        return _from_deep_png(data, request)
    if kind == "TIFF":
        return _from_tiff(data, request)
    return _from_image(open_image(data, kind), request)


def _from_tiff(data: bytes, request: _Request) -> Picture:
    deep = decode_tiff(data, request.label)
    try:
        image = open_image(data, "TIFF") if deep is None or request.keep_exif else None
    except UnidentifiedImageError:  # Pillow knows only some layouts of TIFF
        image = None
    if deep is not None:
        return _from_deep(deep, request, image)
    if image is None:
        raise ImageError(
            f"{request.label} is a TIFF of a rare kind: save it as RGB with 8 or 16 bits"
        )
    return _from_image(image, request)


def _from_deep_png(data: bytes, request: _Request) -> Picture:
    image = open_image(data, "PNG")
    check_pixels(*image.size, request.label)
    # Pillow would decode everything to find EXIF data that is not there.
    tagged = any(name == b"eXIf" for name, _ in png.chunks(data))
    orientation = orientation_of(image) if tagged else 1
    deep = decode_png(data, image.info.get("icc_profile"), orientation)
    return _from_deep(deep, request, image if tagged else None)


def _from_deep(deep: Deep, request: _Request, image: Image.Image | None) -> Picture:
    """Finish a picture of up to 16 bits; `image` is where its EXIF data are."""
    colors, alpha = deep.reduced(request.max_size).to_srgb()
    return Picture(
        to_floats(turn(colors, deep.orientation)),
        None if alpha is None else to_floats(turn(alpha, deep.orientation)),
        bits=deep.bits,
        exif=_wanted_exif(image, request),
        name=request.name,
    )


def _from_image(image: Image.Image, request: _Request) -> Picture:
    check_pixels(*image.size, request.label)
    if image.mode[0] in "IF":
        return _from_single_channel(image, request)
    colors, alpha = decode_image(image, request.max_size)
    return Picture(
        to_floats(colors),
        None if alpha is None else to_floats(alpha),
        exif=_wanted_exif(image, request),
        name=request.name,
    )


def _from_single_channel(image: Image.Image, request: _Request) -> Picture:
    """Open one of Pillow's gray modes with more than 8 bits: I;16, I or F."""
    values = np.asarray(image)
    if image.mode == "F":
        values = to_samples(unit_floats(values, request.label), 16)
    elif values.min() < 0 or values.max() > 65535:
        raise ImageError(f"{request.label} has values beyond 16 bits: scale them to 0 ... 65535")
    samples = values.astype(np.uint16)[..., None]
    icc = image.info.get("icc_profile")
    deep = Deep(samples, "GRAY", icc=icc, orientation=orientation_of(image))
    return _from_deep(deep, request, image)


def _wanted_exif(image: Image.Image | None, request: _Request) -> bytes | None:
    if image is None or not request.keep_exif:
        return None
    return kept_exif(image, keep_gps=request.keep_gps)


def _from_array(array: NDArray[Any]) -> Picture:
    shape = array.shape
    if array.ndim not in (2, 3) or 0 in shape or shape[2:] not in ((), (1,), (3,), (4,)):
        raise ImageError(
            f"an array of shape {shape} is no picture: give (H, W), (H, W, 1), (H, W, 3) or "
            "(H, W, 4)"
        )
    if array.dtype.kind == "f":
        values = unit_floats(array, "the array")
    elif array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        values = to_floats(array)
    else:
        raise ImageError(
            f"an array of {array.dtype} is no picture: give uint8, uint16 or floats in [0, 1]"
        )
    if np.may_share_memory(values, array):
        values = values.copy()  # the caller may go on changing it
    if values.ndim == 2 or shape[2] == 1:
        values = np.repeat(values.reshape(*shape[:2], 1), 3, axis=2)
    alpha = values[..., 3] if values.shape[2] == 4 else None
    return Picture(values[..., :3], alpha, bits=16 if array.dtype.str.endswith("u2") else 8)


def _fitted(picture: Picture, max_size: int | None) -> Picture:
    if max_size is None or max(picture.size) <= max_size:
        return picture
    return picture.resized(max_size)
