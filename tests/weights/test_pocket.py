from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from impasto.errors import WeightsError
from impasto.files import sha256_of
from impasto.weights import fetch, load_pocket
from impasto.weights.catalogue import CATALOGUE
from impasto.weights.folders import bundled_folder


def test_the_bundled_file_is_the_one_of_the_catalogue() -> None:
    path = fetch("pocket")
    assert path.parent == bundled_folder()
    assert f"sha256:{sha256_of(path)}" == CATALOGUE["pocket-1"].published_hash
    assert path.stat().st_size == CATALOGUE["pocket-1"].size_bytes
    assert path.stat().st_size <= 6_000_000
    assert path.with_suffix(".md").is_file()


def test_another_file_of_the_name_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pocket.safetensors").write_bytes(b"something else")
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path))
    assert fetch("pocket").parent == bundled_folder()


def test_half_precision_becomes_float32() -> None:
    assert {array.dtype for array in load_pocket(fetch("pocket")).values()} == {
        np.dtype(np.float32)
    }


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="does not exist"):
        load_pocket(tmp_path / "none.safetensors")


@pytest.mark.parametrize("content", [b"", b"text", b"\x00" * 100])
def test_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be read"):
        load_pocket(path)


def test_file_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"conv1_1.weight": np.zeros((64, 3, 3, 3), np.float32)}, path)
    with pytest.raises(WeightsError, match="not the file of a pocket encoder"):
        load_pocket(path)


def test_numbers_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    broken = {"stem.bias": np.full(3, np.nan, np.float32)}
    save_file(broken, path, {"architecture": "pocket"})
    with pytest.raises(WeightsError, match="not finite"):
        load_pocket(path)
