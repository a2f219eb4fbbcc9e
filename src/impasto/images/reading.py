"""Reading the bytes of a picture file, and saying clearly why they cannot be read."""

import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from PIL import Image

from impasto.errors import ImageError
from impasto.files import reading_advice
from impasto.images.formats import HEAD_BYTES, READABLE, sniff

MOST_PIXELS = 256_000_000
"""Width times height of the largest picture that is opened, unless `IMPASTO_MAX_PIXELS` is set."""
_PIXEL_BYTES, _BESIDE = 8, 64 << 20
"""Most bytes of a file, for each of those pixels (16 bits, with alpha) and beside them."""
_WORKING_BYTES = 12  # memory for each pixel, about, while it is decoded
_METADATA = "Decompressed data too large"
"""How Pillow's message about text or a profile that unpacks to more than a megabyte begins."""
Check: TypeAlias = Callable[[bytes, str], object]
"""Looks at the first bytes of a file, and raises an `ImageError` if they are of no use."""
_BLOCK = 1 << 20
_PATIENCE = 0.7  # seconds within which something has to open the other end of a pipe
_lock = threading.Lock()
_inside, _first_in = 0, ExitStack()


def most_pixels(usual: int = MOST_PIXELS) -> int:
    """Return the most pixels that a picture may have, from `IMPASTO_MAX_PIXELS` if it is set."""
    text = os.environ.get("IMPASTO_MAX_PIXELS") or str(usual)
    try:
        limit = int(float(text))
    except (ValueError, OverflowError):
        limit = 0
    if limit < 1:
        raise ImageError(f"IMPASTO_MAX_PIXELS is {text!r}: set it to a number, such as 500e6")
    return limit


def check_pixels(count: float, label: str) -> None:
    """Raise an `ImageError` if a picture has more than `most_pixels` pixels."""
    limit = most_pixels()
    if count > limit:
        raise ImageError(
            f"{label} has {count / 1e6:.0f} million pixels, which take about "
            f"{count * _WORKING_BYTES / 1e9:.0f} GB of memory; {limit / 1e6:g} million are "
            f"opened: scale it down, or set IMPASTO_MAX_PIXELS={count:.0f}"
        )


def check_bytes(count: int, label: str) -> None:
    """Raise an `ImageError` if a file is larger than any picture of `most_pixels` pixels."""
    if count > most_pixels() * _PIXEL_BYTES + _BESIDE:
        raise ImageError(
            f"{label} has more bytes than a picture of {most_pixels() / 1e6:g} million pixels: "
            "scale it down, or set IMPASTO_MAX_PIXELS to more"
        )


def check_head(head: bytes, label: str) -> str:
    """Return the format of a picture by its first `HEAD_BYTES` bytes, or raise an `ImageError`."""
    if not head:
        raise ImageError(f"{label} is empty: copy or download the picture again")
    if (kind := sniff(head)) is None:
        known = ", ".join(READABLE)
        raise ImageError(f"{label} is not a picture that impasto reads: save it as one of {known}")
    return kind


@contextmanager
def suppress_warnings() -> Iterator[None]:
    """Ignore the warnings of Pillow and its plug-ins within a block, where our limit is Pillow's.

    `warnings.catch_warnings` alone is not safe when several threads decode, so the first one in
    sets the filters and the last one out restores them.
    """
    global _inside
    limit = most_pixels()
    with _lock:
        if _inside == 0:
            _first_in.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
            _first_in.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|tifffile|imagecodecs)\b")
            # Pillow warns above its limit, and refuses above twice that.
            Image.MAX_IMAGE_PIXELS = -(-limit // 2)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _first_in.close()


@runtime_checkable
class Stream(Protocol):
    """A file object, open for reading bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, or all that are left."""


def read_bytes(path: Path, check: Check = check_head) -> bytes:
    """Read a picture file whole, once `check` has not refused its first bytes."""
    label = str(path)
    try:
        if path.is_fifo():
            return _read_pipe(path, check)
        with path.open("rb") as file:
            # Refusing a video or a log here saves reading gigabytes of it.
            check(file.read(HEAD_BYTES), label)
            check_bytes(os.fstat(file.fileno()).st_size, label)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ImageError(reading_advice(path, error)) from error


def read_stream(stream: Stream, label: str, check: Check = check_head, first: bytes = b"") -> bytes:
    """Read a stream to its end, unless it is no picture or larger than any; `first` was read."""
    content = bytearray(first)
    while block := stream.read(_BLOCK if len(content) > HEAD_BYTES else HEAD_BYTES):
        if not isinstance(block, bytes):
            raise ImageError(f"{label} is open as text: open it for reading bytes, mode 'rb'")
        content += block
        if len(content) - len(block) < HEAD_BYTES <= len(content):
            check(bytes(content), label)
        check_bytes(len(content), label)
    check(bytes(content[:HEAD_BYTES]), label)
    return bytes(content)


def _read_pipe(path: Path, check: Check) -> bytes:
    """Read what is written to a pipe, unless nothing has it open for writing."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(number, "rb", buffering=0) as file:  # noqa: PTH123 (of a number)
        until = time.monotonic() + _PATIENCE
        while (first := file.read(1)) == b"" and time.monotonic() < until:
            time.sleep(0.01)
        if first == b"":
            raise ImageError(f"nothing is written to the pipe {path}: start what writes it first")
        os.set_blocking(number, True)
        return read_stream(file, str(path), check, first or b"")  # None: there is nothing yet


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
            f"{label} has too many pixels for the memory there may be, more than "
            f"{most_pixels() / 1e6:g} million: scale it down, or set IMPASTO_MAX_PIXELS to more"
        ) from error
    except MemoryError as error:
        raise ImageError(f"{label} does not fit into memory: open it with max_size") from error
    except Exception as error:  # damaged files make the decoders raise almost anything
        if str(error).startswith(_METADATA):
            raise ImageError(
                f"{label} has text or a profile that unpacks to more than a megabyte: save it "
                "again without metadata"
            ) from error
        raise ImageError(
            f"{label} is damaged, cut off or of an unknown kind: copy or download it again, or "
            "save it again with another program"
        ) from error
