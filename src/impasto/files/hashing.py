"""Hashes of files, each once, and of values."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from impasto.errors import ImpastoError
from impasto.files.reading import check_file, reading_advice


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
        return _digest(path.resolve(), now.st_ino, now.st_size, now.st_mtime_ns, algorithm)
    except (OSError, ValueError) as error:
        raise ImpastoError(reading_advice(path, error)) from error


@lru_cache(maxsize=4096)
def _digest(path: Path, inode: int, size: int, modified: int, algorithm: str) -> str:
    # Size and time are part of the key only: a file that changes gets a new entry.
    del inode, size, modified
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value as JSON, with sorted keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
