"""Reading the bytes of a picture file, and saying clearly why they cannot be read."""

from __future__ import annotations

from pathlib import Path

from impasto.errors import ImageError
from impasto.images.formats import HEAD_BYTES, READABLE, sniff


def read_bytes(path: Path) -> bytes:
    """Read a picture file whole, after a look at its first bytes.

    Args:
        path: A file.

    Returns:
        Its bytes.

    Raises:
        ImageError: The file is missing, empty, a folder, not readable or no picture.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            # Refusing a video or a log here saves reading gigabytes of it.
            check_head(head, str(path))
            return head + file.read()
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
