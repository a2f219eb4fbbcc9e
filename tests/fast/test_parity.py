"""The known systems behind `--method` against independent evaluations of the same files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray
from tests.conftest import shrunk
from tests.fast import references

from impasto import open_picture
from impasto.fast import FastStylizer
from impasto.images import Picture

#: Largest and mean difference, of 1.
CLOSE = {"adain": (2e-3, 1e-4), "microast": (2e-3, 1e-4), "wct": (0.05, 2e-3)}


@pytest.fixture(scope="module")
def content() -> Picture:
    return open_picture(shrunk(skimage.data.astronaut(), 192, 160))


@pytest.fixture(scope="module")
def style() -> Picture:
    return open_picture(shrunk(skimage.data.immunohistochemistry(), 192, 192))


def differences(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[float, float]:
    apart = np.abs(first - second)
    return float(apart.max()), float(apart.mean())


@pytest.mark.parametrize("name", CLOSE)
@torch.no_grad()
def test_known_systems(name: str, real_weights: Path, content: Picture, style: Picture) -> None:
    kinds: dict[str, Callable[[Path], references.Method]] = {
        "adain": references.AdaIN,
        "microast": references.MicroAST,
        "wct": references.WCT,
    }
    expected = kinds[name](real_weights)(style)(content.pixels)
    stylizer = FastStylizer(style, method=name, size=192, runtime="onnxruntime", device="cpu")
    largest, mean = differences(stylizer.paint(content), expected)
    assert largest < CLOSE[name][0]
    assert mean < CLOSE[name][1]


def test_magenta(
    real_weights: Path, content: Picture, style: Picture, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ai_edge_litert")
    square = content.resized((384, 384))
    expected = references.Magenta(real_weights)(style)(square.pixels)
    capfd.readouterr()
    stylizer = FastStylizer(style, method="magenta", size=384)
    np.testing.assert_array_equal(stylizer.paint(square), expected)
    assert capfd.readouterr().err == ""  # LiteRT says much
    # Published for squares only; ours keeps the proportions of any content.
    wide = stylizer.paint(content.resized((384, 192)))
    assert wide.shape == (192, 384, 3)
    back = Picture(wide).resized((384, 384)).pixels
    assert np.corrcoef(back.ravel(), expected.ravel())[0, 1] > 0.8


@torch.no_grad()
def test_a_network_of_one_style(real_weights: Path, content: Picture) -> None:
    path = real_weights / "wave_per_style.safetensors"
    expected = references.Johnson(path)(content.pixels)
    stylizer = FastStylizer([], method=str(path), size=192, runtime="onnxruntime", device="cpu")
    largest, mean = differences(stylizer.paint(content), expected)
    assert largest < 5e-3
    assert mean < 2e-4
