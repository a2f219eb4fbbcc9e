"""The networks that come tuned to styles of the gallery."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from impasto.fast import FastStylizer
from impasto.files import sha256_of
from impasto.gallery.names import is_taken, list_styles
from impasto.images import open_picture
from impasto.weights.folders import bundled_folder

FILES = sorted((bundled_folder() / "tuned").glob("*.onnx"))
CARD = (bundled_folder() / "tuned.md").read_text("utf-8")


def test_there_are_some() -> None:
    assert [path.stem for path in FILES] == sorted(s.name for s in list_styles() if s.tuned)
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_paints_and_its_card_knows_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    assert is_taken(path.stem)
    assert path.stat().st_size <= 1.5e6
    (line,) = (line for line in CARD.splitlines() if line.startswith(f"| `{path.stem}` |"))
    assert sha256_of(path)[:16] in line
    stylizer = FastStylizer(path.stem, size=128, runtime="onnxruntime")
    assert stylizer.network.title == path.name
    content = open_picture(skimage.data.coffee()).resized((128, 85))
    painted = stylizer(content).pixels
    assert np.isfinite(painted).all()
    assert painted.std() > 0.05
    assert np.abs(painted - content.pixels).mean() > 0.05
