"""Opening pictures: from anywhere, upright, in sRGB, with the depth they have."""

from __future__ import annotations

import math
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from impasto.errors import ImageError
from impasto.images.decoding import (
    Samples,
    check_scans,
    decode_16bit,
    decode_image,
    decode_tiff,
    open_image,
)
from impasto.images.exif import kept_exif, orientation_of
from impasto.images.formats import is_16bit_png
from impasto.images.picture import Identity, Picture
from impasto.images.pixels import to_floats, unit_floats
from impasto.images.reading import check_head, check_pixels, one_clear_error, read_bytes
from impasto.images.sources import STDIN, NamedBytes, Source, read_source, without_torch
from impasto.settings import Settings

LEAST_PICTURE = 8
"""Shorter side of any picture worth looking at, in pixels."""


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
        data: bytes | Image.Image = source
        label = file or "the given image"
    else:
        data, label, file = _load(source)
    with one_clear_error(label):
        samples, image = _decoded(data, label, max_size, keep_exif or keep_gps)
        colors, alpha = samples.upright(max_size)
        picture = Picture(
            to_floats(colors),
            None if alpha is None else to_floats(alpha),
            bits=samples.bits,
            exif=None if image is None else kept_exif(image, keep_gps=keep_gps),
            name=Path(file).stem,
        )
        if isinstance(data, bytes):  # here, where the bytes are at hand: a file is read once
            identity = Identity(Path(file).name or "bytes", sha256(data).hexdigest())
            object.__setattr__(picture, "identity", identity)
        return picture


def open_for_role(source: Source, role: str, largest: int, keep: Settings | None = None) -> Picture:
    """Open a picture for a role (content, style, start), no larger than needed.

    Raises:
        ImageError: It cannot be read, or is too small to hold anything.
    """
    exif = {} if keep is None else {"keep_exif": keep.keep_exif, "keep_gps": keep.keep_gps}
    picture = open_picture(source, max_size=largest, **exif)
    if min(picture.size) < LEAST_PICTURE:
        picture = open_picture(source, max_size=_needed_size(source, picture.size, role), **exif)
    if picture.alpha is not None and not picture.alpha.any():
        raise ImageError(f"the {role} picture is wholly transparent: there is nothing to see in it")
    return picture


def _needed_size(source: Source, size: tuple[int, int], role: str) -> int:
    """Return the longest side at which a picture is not too narrow, as it is at (width, height).

    Raises:
        ImageError: It always is; or it is the content, which is painted at the size asked for.
    """
    width, height = open_picture(source).size
    if min(width, height) < LEAST_PICTURE:
        raise ImageError(
            f"the {role} picture has {width}x{height} pixels: "
            f"too small, use one of at least {LEAST_PICTURE}x{LEAST_PICTURE}"
        )
    needed = math.ceil(max(width, height) * LEAST_PICTURE / min(width, height))
    if role == "content":
        raise ImageError(
            f"the content of {width}x{height} would be painted at {size[0]}x{size[1]} pixels, "
            f"which is too narrow: crop it, or ask for a size of at least {needed}"
        )
    return needed


def _load(source: Source) -> tuple[bytes, str, str]:
    """Return the bytes, what to call them in messages, and the name of their file or ""."""
    loaded = read_source(source)
    if isinstance(loaded, NamedBytes) and loaded.name != "bytes":
        return loaded, loaded.name, loaded.name
    if isinstance(loaded, (bytes, bytearray)):
        return bytes(loaded), "the given data", ""
    if isinstance(loaded, (str, Path)):
        return read_bytes(Path(loaded)), str(loaded), str(loaded)
    raise ImageError(
        f"cannot open a {type(source).__name__} as a picture: give a path, {STDIN!r}, bytes, "
        "a file, a Pillow image or an array (H, W, 3)"
    )


def _decoded(
    source: bytes | Image.Image, label: str, max_size: int | None, wants_exif: bool
) -> tuple[Samples, Image.Image | None]:
    """Return samples, and the image that has the EXIF data, if they are wanted."""
    if not isinstance(source, bytes):
        source.load()  # a JPEG not yet decoded would be decoded small, for its owner too
        return decode_image(source, max_size, label), source if wants_exif else None
    kind = check_head(source, label)
    if kind == "TIFF":
        return _decoded_tiff(source, label, max_size, wants_exif)
    if kind == "JPEG":
        check_scans(source, label)
    image = open_image(source, kind)
    if kind != "PNG" or not is_16bit_png(source):
        return decode_image(image, max_size, label), image if wants_exif else None
    check_pixels(image.width * image.height, label)
    # Pillow would decode everything to find EXIF data that is not there.
    tagged = b"eXIf" in source
    orientation = orientation_of(image) if tagged else 1
    samples = decode_16bit(source, image.info.get("icc_profile"), orientation)
    return samples, image if tagged and wants_exif else None


def _decoded_tiff(
    data: bytes, label: str, max_size: int | None, wants_exif: bool
) -> tuple[Samples, Image.Image | None]:
    samples = decode_tiff(data, label)
    if samples is not None and not wants_exif:
        return samples, None
    try:
        image = open_image(data, "TIFF")
    except UnidentifiedImageError as error:  # Pillow knows only some layouts of TIFF
        if samples is None:
            raise ImageError(
                f"{label} is a TIFF of a rare kind: save it as RGB with 8 or 16 bits"
            ) from error
        return samples, None
    return samples or decode_image(image, max_size, label), image if wants_exif else None


def _from_array(array: NDArray[Any]) -> Picture:
    shape = array.shape
    if array.ndim not in (2, 3) or 0 in shape or shape[2:] not in ((), (1,), (3,), (4,)):
        raise ImageError(
            f"an array of shape {shape} is not a picture: give (H, W), (H, W, 1), (H, W, 3) or "
            "(H, W, 4)"
        )
    if array.dtype.kind == "f":
        values = unit_floats(array, "the array")
    elif array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        values = to_floats(array)
    else:
        raise ImageError(
            f"an array of {array.dtype} is not a picture: give uint8, uint16 or floats in [0, 1]"
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
    smaller = picture.resized(max_size)
    object.__setattr__(smaller, "identity", picture.identity)
    return smaller
