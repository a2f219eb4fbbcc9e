"""Reading the bytes of a picture file, and saying clearly why they cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from impasto.errors import ImageError
from impasto.images.formats import HEAD_BYTES, READABLE, sniff
from impasto.images.quiet import quiet


def read_bytes(path: Path, check: Callable[[bytes, str], object] | None = None) -> bytes:
    """Read a picture file whole, after a look at its first bytes.

    Args:
        path: A file.
        check: What raises for a wrong file, instead of `check_head`.

    Returns:
        Its bytes.

    Raises:
        ImageError: The file is missing, empty, a folder, not readable or no picture.
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
    """Tell a picture by its first bytes.

    Args:
        head: The first `HEAD_BYTES` bytes, or all of fewer.
        label: What to call the picture in the message.

    Returns:
        The name of its format, as in `formats.READABLE`.

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
    """Turn whatever goes wrong with a picture within a block into an `ImageError`.

    Args:
        label: What to call the picture in the message.
    """
    try:
        with quiet():
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
            "save it anew with another program"
        ) from error


def reading_advice(path: Path, error: OSError | ValueError) -> str:
    """Say in one line why a file cannot be read and what to do about it."""
    if isinstance(error, FileNotFoundError):
        return f"{path} does not exist: check the spelling and the folder"
    # Windows calls a folder a file that may not be read.
    if isinstance(error, IsADirectoryError | PermissionError) and path.is_dir():
        return f"{path} is a folder: name one picture in it"
    if isinstance(error, PermissionError):
        return f"{path} may not be read: ask for permission to it (chmod u+r)"
    reason = error.strerror if isinstance(error, OSError) else error
    return f"{path} cannot be read ({reason}): check the disk or copy the file elsewhere"
