"""Strength and mixture go evenly from moment to moment."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.video.conftest import moving

from impasto import Settings
from impasto.errors import SettingsError
from impasto.video.keyframes import read_keyframes
from impasto.video.setup import VideoOptions, prepare


def written(folder: Path, entries: Any) -> Path:  # noqa: ANN401
    path = folder / "moments.json"
    path.write_text(json.dumps(entries))
    return path


def test_values_between_moments(tmp_path: Path) -> None:
    entries = [
        {"time": "0:04", "strength": 1},
        {"time": 2, "strength": 0.5, "style_weights": [1, 0]},
        {"time": 6, "style_weights": [0, 2]},
    ]
    found = read_keyframes(written(tmp_path, entries), 2)
    assert found.at(0) == (0.5, (1, 0))
    assert found.at(3) == (0.75, (0.75, 0.5))
    assert found.at(9) == (1, (0, 2))
    only = read_keyframes(written(tmp_path, [{"time": 1, "strength": 0.2}]), 2)
    assert only.at(5) == (0.2, None)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"time": 0}, "is not a list of moments"),
        ([{"strength": 1}], "a moment has no time"),
        ([{"time": "soon"}], "soon is not a time"),
        ([{"time": 0, "strenght": 1}], "strenght is none of"),
        ([{"time": 0, "strength": 2}], "choose from 0 to 1"),
        ([{"time": 0, "style_weights": [1]}], "give 2 numbers"),
        ([{"time": 0, "style_weights": [0, 0]}], "not all 0"),
    ],
)
def test_what_cannot_be(tmp_path: Path, entries: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_keyframes(written(tmp_path, entries), 2)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_keyframes(tmp_path / "none.json", 2)
    (tmp_path / "text.json").write_text("no json")
    with pytest.raises(SettingsError, match="is not JSON"):
        read_keyframes(tmp_path / "text.json", 2)


@pytest.mark.parametrize(
    "options",
    [{"method": "fast", "runtime": "onnxruntime"}, {"steps": (2,), "precision": "float32"}],
)
def test_a_clip_fades_in(
    options: dict[str, Any], painting: NDArray[np.uint8], tmp_path: Path
) -> None:
    (photo,) = moving(1)
    (tmp_path / "in").mkdir()
    for number in range(6):
        Image.fromarray(photo).save(tmp_path / "in" / f"{number}.png")
    moments = [{"time": 0, "strength": 0}, {"time": 0.2, "strength": 1}]
    keyframes = read_keyframes(written(tmp_path, moments), 1)
    settings = Settings(**options, device="cpu")
    asked = VideoOptions(stability=0.0, keyframes=keyframes)
    output = tmp_path / "out" / "%d.png"
    work = prepare(str(tmp_path / "in"), [painting], output, settings, asked)
    apart = [
        float(np.abs(progress.painted.astype(float) - photo).mean())
        for progress in work.run(work.begin(False))
    ]
    assert apart[0] == 0
    assert apart == sorted(apart)
    assert apart[-1] > 10
