"""Reading the bytes of a picture file, and saying clearly why they cannot be read."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from impasto.errors import ImageError
from impasto.files import reading_advice
from impasto.images.formats import HEAD_BYTES, READABLE, sniff

_lock = threading.Lock()
_inside = 0
_filters: warnings.catch_warnings[None] = warnings.catch_warnings()


@contextmanager
def suppress_warnings() -> Iterator[None]:
    """Ignore the warnings of Pillow and its plug-ins within a block.

    `warnings.catch_warnings` alone is not safe when several threads decode: the last to leave
    would bring back the filters of another. So the first one in sets them and the last one out
    restores them.
    """
    global _filters, _inside
    with _lock:
        if _inside == 0:
            _filters = warnings.catch_warnings()
            _filters.__enter__()
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|tifffile|imagecodecs)\b")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _filters.__exit__(None, None, None)


def read_bytes(path: Path, check: Callable[[bytes, str], object] | None = None) -> bytes:
    """Read a picture file whole, once `check` has not refused its first bytes.

    Raises:
        ImageError: The file is missing, empty, a folder, not readable or not a picture.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            # Refusing a video or a log here saves reading gigabytes of it.
            (check or check_head)(head, str(path))
            # Joining the two parts would hold the file twice; only of a pipe there is no other way.
            return path.read_bytes() if file.seekable() else head + file.read()
    except (OSError, ValueError) as error:
        raise ImageError(reading_advice(path, error)) from error


def check_head(head: bytes, label: str) -> str:
    """Return the format of a picture, one of `READABLE`, by its first `HEAD_BYTES` bytes or more.

    Raises:
        ImageError: There are no bytes, or they are of no format that impasto reads.
    """
    if not head:
        raise ImageError(f"{label} is empty: copy or download the picture again")
    kind = sniff(head)
    if kind is None:
        known = ", ".join(READABLE)
        raise ImageError(
            f"{label} is not a picture that impasto reads: convert it to one of {known}"
        )
    return kind


@contextmanager
def one_clear_error(label: str) -> Iterator[None]:
    """Turn whatever goes wrong with a picture within a block into an `ImageError` about `label`."""
    try:
        with suppress_warnings():
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{label} has too many pixels to be opened safely: scale it down with another "
            "program first"
        ) from error
    except MemoryError as error:
        raise ImageError(f"{label} does not fit into memory: open it with max_size") from error
    except Exception as error:  # damaged files make the decoders raise almost anything
        raise ImageError(
            f"{label} is damaged, cut off or of an unknown kind: copy or download it again, or "
            "save it again with another program"
        ) from error
