"""Hashes of files, each computed once, and fingerprints of values."""

import hashlib
import json
import os
import re
import stat
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from impasto.errors import ImpastoError

_BLOCK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits; see `digest_of`."""
    return digest_of(path, "sha256")


def digest_of(path: Path, algorithm: str) -> str:
    """Return a hash of a file's content.

    It is remembered within the process for as long as the file keeps its size and time.

    Args:
        path: An existing file.
        algorithm: A name that `hashlib` knows.

    Returns:
        Hexadecimal digits.

    Raises:
        ImpastoError: The file cannot be read.
    """
    try:
        now = path.stat()
        if not S_ISREG(now.st_mode) and not S_ISDIR(now.st_mode):
            raise ImpastoError(f"{path} is a device or a pipe: name a file")
        return _digest(path.resolve(), now.st_ino, now.st_size, now.st_mtime_ns, algorithm)
    except (OSError, ValueError) as error:
        raise ImpastoError(reading_advice(path, error)) from error


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
    """Refuse what is not a regular file that can be read: a folder, a pipe or a device.

    Opening a pipe that nobody writes to would wait for ever.

    Args:
        path: What a user named.
        kind: What to raise.

    Raises:
        ImpastoError: Of this kind; it says what it is.
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


@lru_cache(maxsize=4096)
def _digest(path: Path, inode: int, size: int, modified: int, algorithm: str) -> str:
    # Size and time are part of the key only: a file that changes gets a new entry.
    del inode, size, modified
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value as JSON, with sorted keys.

    Args:
        value: Anything that JSON holds.
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
