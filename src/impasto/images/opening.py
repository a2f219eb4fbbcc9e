"""Opening pictures from anywhere: upright, in sRGB, with the depth they have; who they are."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImageError, ImpastoError
from impasto.files import sha256_of
from impasto.images.decoding import decode, decode_image, head_of
from impasto.images.metadata import kept_exif
from impasto.images.picture import Identity, Picture
from impasto.images.pixels import to_floats, unit_floats
from impasto.images.reading import Stream, one_clear_error, read_bytes, read_stream
from impasto.settings import Settings
from impasto.settings.choices import LEAST_SIZE

if TYPE_CHECKING:
    from torch import Tensor

LEAST_PICTURE = 8  # shorter side of any picture worth looking at, in pixels
STDIN = "-"

Source: TypeAlias = (
    "str | Path | bytes | bytearray | Stream | Image.Image | NDArray[Any] | Tensor | Picture"
)
Sources: TypeAlias = "Source | Sequence[Source]"


def source_list(sources: Sources) -> list[Source]:
    """Return one source or several as a list."""
    return [*sources] if isinstance(sources, (list, tuple)) else [cast("Source", sources)]


def _without_torch(source: Source) -> Source:
    """Return a tensor (C, H, W) or (1, C, H, W) as an array (H, W, C), others as they are."""
    torch = sys.modules.get("torch")  # where there are tensors, it has been imported
    # Another thread may be in the middle of importing it.
    kind = getattr(torch, "Tensor", None)
    if kind is None or not isinstance(source, kind):
        return source
    tensor = cast("Tensor", source).detach().cpu()
    if tensor.ndim == 4 and len(tensor) == 1:
        tensor = tensor[0]
    if tensor.ndim != 3 or tensor.shape[0] not in (1, 3, 4):
        shape = tuple(cast("Tensor", source).shape)
        raise ImageError(f"a tensor of shape {shape} is no picture: give (C, H, W) or (1, C, H, W)")
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy().transpose(1, 2, 0)


class NamedBytes(bytes):
    """The bytes of a picture that could be read only once, and the name they came under."""

    name: str

    def __new__(cls, content: bytes, name: str = "bytes") -> NamedBytes:
        """Make them of a content and a name."""
        named = super().__new__(cls, content)
        named.name = name
        return named


def read_source(source: Source) -> Source:
    """Turn what can be read only once ("-", a pipe, a file object) into bytes that have its name.

    Tensors become arrays; everything else is returned as it is. Call it before handing the same
    source to both `identify` and `open_picture`. What cannot be read is an `ImageError`.
    """
    source = _without_torch(source)
    stream: object = source
    if isinstance(source, str | Path) and str(source) != STDIN:
        with suppress(OSError, ValueError):  # what is wrong with it is said where it is read
            if Path(source).is_fifo():
                return NamedBytes(read_bytes(Path(source)), Path(source).name)
        return source
    if isinstance(source, str | Path):
        stream, name = sys.stdin.buffer, "stdin"
    else:
        name = getattr(stream, "name", "")
        name = Path(name).name if name and isinstance(name, str) else "bytes"
    if not isinstance(stream, Stream):
        return source
    try:
        return NamedBytes(read_stream(stream, name), name)
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot read {name} ({error}): open it for reading bytes") from error


def identify_opened(opened: Picture, source: Source) -> Identity:
    """Return who a picture is that was opened, perhaps smaller, without reading its file again."""
    return opened.identity or identify(source)


def identify(source: Source) -> Identity:
    """Name a picture, without folders, and fingerprint it.

    The fingerprint is the SHA-256 of the file's bytes; for pixels in memory, of their shape, type
    and values. What can be read only once (a file object, "-", a pipe) has to go through
    `read_source` first, or is gone afterwards.
    """
    data = read_source(source)
    if isinstance(data, Image.Image | Picture | np.ndarray):
        return _identify_pixels(data)
    if isinstance(data, (bytes, bytearray)):
        return Identity(getattr(data, "name", "bytes"), hashlib.sha256(data).hexdigest())
    if not isinstance(data, (str, Path)):
        raise ImageError(f"cannot identify a {type(source).__name__}: give a path, bytes or pixels")
    try:
        return Identity(Path(data).name, sha256_of(Path(data)))
    except ImpastoError as error:
        raise ImageError(str(error)) from error


def _identify_pixels(source: Image.Image | Picture | NDArray[Any]) -> Identity:
    if isinstance(source, Image.Image):
        name = Path(getattr(source, "filename", "") or "pixels").name
        with one_clear_error(name):
            plain = source.convert("RGBA") if source.mode in ("P", "PA") else source
            return Identity(name, _fingerprint(np.asarray(plain)))
    if isinstance(source, np.ndarray):
        return Identity("pixels", _fingerprint(source))
    arrays = [source.pixels] if source.alpha is None else [source.pixels, source.alpha]
    return source.identity or Identity(source.name or "pixels", _fingerprint(*arrays))


def _fingerprint(*arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape} {array.dtype.str} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def open_picture(
    source: Source, *, max_size: int | None = None, keep_exif: bool = False, keep_gps: bool = False
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
    source = read_source(source)
    if isinstance(source, np.ndarray):
        source = _from_array(source)
    if isinstance(source, Picture):
        return _fitted(source, max_size)
    data, label, file = _labelled(source)
    with one_clear_error(label):
        if isinstance(data, bytes):
            samples = decode(data, max_size, label)
        else:
            data.load()  # a JPEG not yet decoded would be decoded small, for its owner too
            samples = decode_image(data, max_size, label)
        colors, alpha = samples.upright(max_size)
        kept = samples.image if keep_exif or keep_gps else None
        picture = Picture(
            to_floats(colors),
            None if alpha is None else to_floats(alpha),
            bits=samples.bits,
            exif=None if kept is None else kept_exif(kept, keep_gps=keep_gps),
            name=Path(file).stem,
        )
        if isinstance(data, bytes):  # here, where the bytes are at hand: a file is read once
            identity = Identity(Path(file).name or "bytes", hashlib.sha256(data).hexdigest())
            object.__setattr__(picture, "identity", identity)
        return picture


def open_for_role(source: Source, role: str, largest: int, keep: Settings | None = None) -> Picture:
    """Open a picture for a role (content, style, start), no larger than needed.

    One that cannot be read, or is too small to hold anything, is an `ImageError`.
    """
    exif = {} if keep is None else {"keep_exif": keep.keep_exif, "keep_gps": keep.keep_gps}
    picture = open_picture(source, max_size=largest, **exif)
    if min(picture.size) < LEAST_PICTURE:
        picture = open_picture(source, max_size=_needed_size(source, picture.size, role), **exif)
    if picture.alpha is not None and not picture.alpha.any():
        raise ImageError(f"the {role} picture is wholly transparent: there is nothing to see in it")
    return picture


def with_content_size(settings: Settings, content: Source) -> Settings:
    """Return the settings with the size of this content, where they have no other."""
    if settings.size:
        return settings
    head = head_of(content)
    longest = max(open_picture(content).size) if head is None else head[0]
    most = settings.size_limit if settings.size is None else longest
    return settings.updated(size=max(LEAST_SIZE, min(longest, most)))


def _needed_size(source: Source, size: tuple[int, int], role: str) -> int:
    """Return the longest side at which a picture is not too narrow, as it is at (width, height).

    There is none for the content, which is painted at the size asked for.
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


def _labelled(source: Source) -> tuple[bytes | Image.Image, str, str]:
    """Return what to decode, what to call it in messages, and the name of its file or ""."""
    if isinstance(source, Image.Image):
        file = str(getattr(source, "filename", ""))
        return source, file or "the given image", file
    if isinstance(source, bytes | bytearray):
        name = getattr(source, "name", "bytes")
        file = "" if name == "bytes" else name
        data = source if isinstance(source, bytes) else bytes(source)
        return data, file or "the given data", file
    if isinstance(source, str | Path):
        return read_bytes(Path(source)), str(source), str(source)
    raise ImageError(
        f"cannot open a {type(source).__name__} as a picture: give a path, {STDIN!r}, bytes, "
        "a file, a Pillow image or an array (H, W, 3)"
    )


def _from_array(array: NDArray[Any]) -> Picture:
    shape = array.shape
    if array.ndim not in (2, 3) or 0 in shape or shape[2:] not in ((), (1,), (3,), (4,)):
        raise ImageError(
            f"an array of shape {shape} is no picture: give (H, W), (H, W, 1), (H, W, 3), (H, W, 4)"
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
