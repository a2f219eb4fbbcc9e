"""Hashes of files, and what is remembered of them."""

import hashlib
import os
from pathlib import Path

import pytest

from impasto.errors import ImpastoError
from impasto.files import digest_of, fingerprint, sha256_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "n.pth"
    path.write_bytes(b"abc")
    return path


def test_the_digest_is_the_standards(path: Path) -> None:
    # FIPS 180-2, appendix B.1
    standard = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(path) == standard


def test_a_file_is_read_again_only_when_it_has_changed(path: Path) -> None:
    before, stat = sha256_of(path), path.stat()
    path.write_bytes(b"xyz")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert sha256_of(path) == before  # same size and time: remembered
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
    assert sha256_of(path) == hashlib.sha256(b"xyz").hexdigest()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="does not exist"):
        sha256_of(tmp_path / "none")


def test_other_algorithms(path: Path) -> None:
    assert digest_of(path, "md5") == hashlib.md5(b"abc").hexdigest()


def test_a_file_that_was_replaced_is_read_again(path: Path, tmp_path: Path) -> None:
    before, stat = sha256_of(path), path.stat()
    (other := tmp_path / "other").write_bytes(b"xyz")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)
    assert sha256_of(path) != before


def test_fingerprints_do_not_depend_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint(["a"]) == hashlib.sha256(b'["a"]').hexdigest()
