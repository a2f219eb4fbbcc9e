"""Files that are read, and hashed once; what is no regular file is refused in one clear line."""

import hashlib
import json
import os
import re
import stat
from functools import lru_cache
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


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits; see `digest_of`."""
    return digest_of(path, "sha256")


def digest_of(path: Path, algorithm: str) -> str:
    """Return a hash of a file's content, by an algorithm of `hashlib`, as hexadecimal digits.

    It is remembered within the process for as long as the file keeps its size and time. A file that
    cannot be read is an `ImpastoError`.
    """
    check_file(path)
    try:
        now = path.stat()
        return _digest(path.resolve(), algorithm, now.st_ino, now.st_size, now.st_mtime_ns)
    except (OSError, ValueError) as error:
        raise ImpastoError(reading_advice(path, error)) from error


@lru_cache(maxsize=4096)
def _digest(path: Path, algorithm: str, *_: int) -> str:
    # Size and time are part of the key only: a file that changes gets a new entry.
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value as JSON, with sorted keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
