"""Files that are read: what is no regular file is refused, and why is said in one line."""

import os
import re
import stat
from pathlib import Path

from impasto.errors import ImpastoError


def address_advice(path: str | Path) -> str:
    """Say what to do about a path that is an address; "": it is none, or there is such a file."""
    # Path makes one slash of two; a letter alone is a disk of Windows.
    found = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]+:)/+(.*)", str(path))
    if found is None or os.path.lexists(path):
        return ""
    if found[1].lower() == "file:":
        return f"{path} is an address: give the path, /{found[2]}"
    return (
        f"{found[1]}//{found[2]} is an address, and addresses are not opened: download the file "
        "first, or use `impasto collect` for pictures"
    )


def check_file(path: Path, kind: type[ImpastoError] = ImpastoError) -> None:
    """Refuse what is not a regular file that can be read, by an error of this kind.

    Opening a pipe that nobody writes to would wait for ever.
    """
    try:
        if stat.S_ISREG(path.stat().st_mode) or path.is_dir():
            path.open("rb").close()
            return
    except (OSError, ValueError) as error:
        raise kind(reading_advice(path, error)) from error
    raise kind(f"{path} is a pipe or a device: name a regular file")


def reading_advice(path: Path, error: OSError | ValueError) -> str:
    """Say in one line why a file cannot be read and what to do about it."""
    if address := address_advice(path):
        return address
    if isinstance(error, FileNotFoundError):
        return f"{path} does not exist: check the spelling and the folder"
    # Windows calls a folder a file that may not be read.
    if isinstance(error, IsADirectoryError | PermissionError) and path.is_dir():
        return f"{path} is a folder: name one file in it"
    if isinstance(error, PermissionError):
        return f"{path} may not be read: ask for permission to it (chmod u+r)"
    reason = error.strerror if isinstance(error, OSError) else error
    return f"{path} cannot be read ({reason}): check the disk or copy the file elsewhere"
