"""No frame: the outermost pixels of a picture look like the rest.

A flat content and an even style leave no reason for the border to differ from the inside, so any
difference comes from the way the encoder sees the border.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

import impasto
from impasto.gallery import open_style

SIZE = 96
#: Of 60 that are planned: a frame shows in the first 15 already, and more of it later.
STEPS, MORE_STEPS = 16, 28


class Edge(NamedTuple):
    """How the border compares with the inside."""

    color: float
    """Largest difference of a channel's mean."""
    contrast: float
    """Standard deviation, border over inside."""
    detail: float
    """Mean difference of neighbors, border over inside."""


def edge(pixels: NDArray[np.float32], width: int) -> Edge:
    border = np.ones((SIZE, SIZE), bool)
    border[width:-width, width:-width] = False
    inside = np.zeros_like(border)
    inside[16:-16, 16:-16] = True
    across = np.abs(np.diff(pixels, axis=1)).mean(-1)[:-1]
    down = np.abs(np.diff(pixels, axis=0)).mean(-1)[:, :-1]
    change = across + down
    color = np.abs(pixels[border].mean(0) - pixels[inside].mean(0)).max()
    contrast = pixels[border].std() / pixels[inside].std()
    detail = change[border[:-1, :-1]].mean() / change[inside[:-1, :-1]].mean()
    return Edge(float(color), float(contrast), float(detail))


def paint(encoder: str, weights: str | None = None, steps: int = STEPS) -> NDArray[np.float32]:
    """Paint the style's texture onto nothing."""
    return impasto.stylize(
        np.full((SIZE, SIZE, 3), 128, np.uint8),
        open_style("mosaic", 2 * SIZE),
        encoder=encoder,
        weights=weights,
        size=SIZE,
        init="noise",
        content_weight=0,
        tv_weight=2,
        steps=60,
        stop_after=steps,
        precision="float32",
    ).pixels


@pytest.mark.parametrize("teacher", [4], indirect=True)
@pytest.mark.slow
def test_no_frame(teacher: str) -> None:
    painted = paint("vgg19", teacher, MORE_STEPS)
    for width in (4, 16):
        found = edge(painted, width)
        assert found.color < 0.05, width
        assert 0.8 < found.contrast < 1.25, width
        assert 0.8 < found.detail < 1.25, width


@pytest.mark.slow
def test_no_frame_with_the_bundled_encoder() -> None:
    found = edge(paint("pocket"), 16)
    assert found.color < 0.1
    assert 0.8 < found.contrast < 1.25
    assert 0.8 < found.detail < 1.2


@pytest.mark.parametrize("teacher", [4], indirect=True)
@pytest.mark.slow
def test_zero_padding_would_be_noticed(monkeypatch: pytest.MonkeyPatch, teacher: str) -> None:
    pad = F.pad

    def zeros(x: Tensor, by: tuple[int, ...], mode: str = "constant") -> Tensor:
        # Of one channel are the gray values whose flatness is told: no padding of the network.
        return pad(x, by) if x.shape[1] > 1 else pad(x, by, mode=mode)

    monkeypatch.setattr("impasto.networks.vgg.F.pad", zeros)
    found = edge(paint("vgg19", teacher, MORE_STEPS), 4)
    assert found.color > 0.1
    assert found.detail < 0.78


def test_no_frame_with_trained_filters(real_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(real_weights))
    found = edge(paint("vgg19"), 16)
    assert found.color < 0.1
    assert 0.75 < found.contrast < 1.25
    assert 0.8 < found.detail < 1.2
