"""Hashes of files, and whether they are the published ones."""

import hashlib
from functools import lru_cache
from pathlib import Path

from impasto.errors import WeightsError
from impasto.weights.catalogue import WeightsFile

_CHUNK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits.

    Remembered within the process for as long as the file's size and time stay the same.

    Args:
        path: An existing file.

    Raises:
        WeightsError: The file cannot be read.
    """
    return _remembered(path, "sha256")


def hash_matches(file: WeightsFile, path: Path) -> bool | None:
    """Whether a file has the size and the hash that its publisher states.

    Args:
        file: What it should be.
        path: Where it lies. The converted copy of a pickled file has no published hash.

    Returns:
        True or False, or None where no hash is published.

    Raises:
        WeightsError: The file cannot be read.
    """
    if path.name == file.kept_as:
        return None
    if not size_matches(file, path):
        return False
    if expected := file.sha256 or file.sha256_prefix:
        return sha256_of(path).startswith(expected)
    return _remembered(path, "md5") == file.md5 if file.md5 else None


def size_matches(file: WeightsFile, path: Path) -> bool:
    """Whether a file is as long as its publisher's, as far as that is known."""
    return file.size_bytes in (None, path.stat().st_size)


def _remembered(path: Path, algorithm: str) -> str:
    try:
        now = path.stat()
        return _digest(path.resolve(), now.st_size, now.st_mtime_ns, algorithm)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from error


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, modified: int, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
