"""Published hashes of files."""

import hashlib
from pathlib import Path

import pytest

from impasto.weights.catalogue import WeightsFile
from impasto.weights.downloading import hash_matches


def catalogued(published_hash: str | None, size_bytes: int | None = None) -> WeightsFile:
    return WeightsFile(
        *("n", "n.pth", "g", "", "", ""),
        kept_as="n.safetensors",
        published_hash=published_hash,
        size_bytes=size_bytes,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "n.pth"
    path.write_bytes(b"abc")
    return path


def test_each_kind_of_published_hash_is_compared(path: Path) -> None:
    sha256, md5 = hashlib.sha256(b"abc").hexdigest(), hashlib.md5(b"abc").hexdigest()
    assert hash_matches(catalogued(f"sha256:{sha256}"), path) is True
    assert hash_matches(catalogued(f"sha256:{sha256[:8]}..."), path) is True
    assert hash_matches(catalogued(f"md5:{md5}"), path) is True
    assert hash_matches(catalogued(f"sha256:{sha256[::-1]}"), path) is False
    assert hash_matches(catalogued("sha256:00000000..."), path) is False
    assert hash_matches(catalogued(f"md5:{md5[::-1]}"), path) is False
    assert hash_matches(catalogued(f"md5:{md5}", size_bytes=4), path) is False
    assert hash_matches(catalogued(None), path) is None


def test_a_converted_copy_has_no_published_hash(path: Path) -> None:
    copy = path.rename(path.with_suffix(".safetensors"))
    assert hash_matches(catalogued("md5:" + "0" * 32, size_bytes=99), copy) is None
