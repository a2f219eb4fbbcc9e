"""Where a picture comes from: files, bytes, streams, arrays; their names and their fingerprints."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImageError, ImpastoError
from impasto.files import reading_advice, sha256_of
from impasto.images.picture import Identity, Picture
from impasto.images.reading import Stream, one_clear_error, read_bytes, read_stream

if TYPE_CHECKING:
    from torch import Tensor

STDIN = "-"


Source: TypeAlias = (
    "str | Path | bytes | bytearray | Stream | Image.Image | NDArray[Any] | Tensor | Picture"
)
Sources: TypeAlias = "Source | Sequence[Source]"


def source_list(sources: Sources) -> list[Source]:
    """Return one source or several as a list."""
    return [*sources] if isinstance(sources, (list, tuple)) else [cast("Source", sources)]


def without_torch(source: Source) -> Source:
    """Return a tensor (C, H, W) or (1, C, H, W) as an array (H, W, C), any other source as it is.

    Raises:
        ImageError: A tensor of another shape.
    """
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
        raise ImageError(
            f"a tensor of shape {shape} is not a picture: give (C, H, W) or (1, C, H, W)"
        )
    pixels: NDArray[Any] = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    return pixels.transpose(1, 2, 0)


class NamedBytes(bytes):
    """The bytes of a picture that could be read only once, and the name they came under."""

    name: str = "bytes"


def read_source(source: Source) -> Source:
    """Turn what can be read only once ("-", a pipe, a file object) into bytes that have its name.

    Tensors become arrays; everything else is returned as it is. Call it before handing the same
    source to both `identify` and `open_picture`.

    Raises:
        ImageError: The pipe or the file object cannot be read.
    """
    source = without_torch(source)
    stream: object = source
    if isinstance(source, (str, Path)):
        if str(source) == STDIN:
            return _named(sys.stdin.buffer, "stdin")
        piped = _read_pipe(Path(source))
        return source if piped is None else piped
    if isinstance(stream, Stream):
        name = getattr(stream, "name", "")
        return _named(stream, Path(name).name if name and isinstance(name, str) else "bytes")
    return source


def identify_opened(opened: Picture, source: Source) -> Identity:
    """Return who a picture is that was opened, perhaps smaller, without reading its file again."""
    return opened.identity or identify(source)


def identify(source: Source) -> Identity:
    """Name a picture and fingerprint it.

    Args:
        source: Anything `open_picture` takes. What can be read only once (a file object, "-", a
            pipe) has to go through `read_source` first, or is gone afterwards.

    Returns:
        The name without folders and the SHA-256 of the file's bytes; for pixels in memory, of
        their shape, type and values.

    Raises:
        ImageError: The file cannot be read.
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


def _named(stream: Stream, name: str) -> NamedBytes:
    try:
        data = NamedBytes(read_stream(stream, name))
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot read {name} ({error}): open it for reading bytes") from error
    data.name = name
    return data


def _read_pipe(path: Path) -> NamedBytes | None:
    """Return what comes out of a pipe, as `<(command)` of a shell is; of a regular file, None."""
    try:
        if not path.is_fifo():
            return None
    except (OSError, ValueError) as error:
        raise ImageError(reading_advice(path, error)) from error
    data = NamedBytes(read_bytes(path))
    data.name = path.name
    return data
