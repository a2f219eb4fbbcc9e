"""`impasto styles`: what it prints."""

from pathlib import Path

import pytest
from PIL import Image
from tests.cli.conftest import Impasto
from tests.cli.conftest import impasto as impasto


def test_adding_says_what_is_left_out_and_which_names_are_taken(
    impasto: Impasto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "home"))
    for name in ("dots.png", "dots.jpg", "mosaic.png"):
        Image.new("RGB", (32, 32)).save(tmp_path / name)
    outcome = impasto("styles", "add", tmp_path)
    assert outcome.out == f"2 styles in {tmp_path}: see `impasto styles`\n"
    assert outcome.err.splitlines() == [
        "left out: dots.png has the name of dots.jpg",
        "mosaic is yours now; the gallery's is gallery:mosaic",
    ]
    listed = [line.split()[0] for line in impasto("styles").out.splitlines()]
    assert listed.count("dots") == listed.count("mosaic") == listed.count("gallery:mosaic") == 1
