"""From a training's file to `--method fast`, and what is said when that cannot be."""

from pathlib import Path

import pytest
from tests.cli.conftest import Impasto

from impasto import open_picture
from impasto.networks.any_style import (
    AnyStyle,
    AnyStyleShape,
)
from impasto.training.export import save_half
from impasto.weights import fetch


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    path = tmp_path / "any_style.safetensors"
    save_half(AnyStyle(AnyStyleShape(8, 8, 8)).state_dict(), "any style", path, 1)
    return path


@pytest.mark.slow
def test_export_and_paint(
    impasto: Impasto, trained: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    outcome = impasto("export", trained, "-o", tmp_path / "networks")
    assert (outcome.status, outcome.err) == (0, "")
    painter, reader = map(Path, outcome.out.split())
    assert reader == painter.with_name("style_reader.onnx")
    options = ("--method", "fast", "--size", 64, "-q", "-o", tmp_path / "out.png")
    assert impasto("stylize", *files, *options, "--weights", painter).status == 0
    assert open_picture(tmp_path / "out.png").size == (64, 43)


def test_what_cannot_be_exported(impasto: Impasto, trained: Path, tmp_path: Path) -> None:
    missing = impasto("export", tmp_path / "none.safetensors")
    assert missing.status == 1
    assert "none.safetensors does not exist: check the spelling" in missing.only_line
    other = impasto("export", fetch("pocket"), "-o", tmp_path)
    assert other.status == 1
    assert "is not what `impasto train any-style` or" in other.only_line
    (tmp_path / "file").write_text("in the way")
    barred = impasto("export", trained, "-o", tmp_path / "file" / "networks")
    assert barred.status == 1
    assert "cannot be written (" in barred.only_line
