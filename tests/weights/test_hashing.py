"""Hashes, and what is remembered of them."""

import hashlib
import os
from pathlib import Path

import pytest

from impasto.errors import WeightsError
from impasto.weights import WeightsFile, hash_matches, sha256_of


def catalogued(**hashes: str | int) -> WeightsFile:
    return WeightsFile("n", "n.pth", "g", "", "", "", kept_as="n.safetensors", **hashes)  # type: ignore[arg-type]


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
    with pytest.raises(WeightsError, match="cannot be read"):
        sha256_of(tmp_path / "none")


def test_each_kind_of_published_hash_is_compared(path: Path) -> None:
    sha256, md5 = hashlib.sha256(b"abc").hexdigest(), hashlib.md5(b"abc").hexdigest()
    assert hash_matches(catalogued(sha256=sha256), path) is True
    assert hash_matches(catalogued(sha256_prefix=sha256[:8]), path) is True
    assert hash_matches(catalogued(md5=md5), path) is True
    assert hash_matches(catalogued(sha256=sha256[::-1]), path) is False
    assert hash_matches(catalogued(sha256_prefix="00000000"), path) is False
    assert hash_matches(catalogued(md5=md5[::-1]), path) is False
    assert hash_matches(catalogued(md5=md5, size_bytes=4), path) is False
    assert hash_matches(catalogued(), path) is None


def test_a_converted_copy_has_no_published_hash(path: Path) -> None:
    copy = path.rename(path.with_suffix(".safetensors"))
    assert hash_matches(catalogued(md5="0" * 32, size_bytes=99), copy) is None
