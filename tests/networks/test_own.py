"""Losses and encoders of the user's own, handed in by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

import impasto
from impasto.losses import (
    STYLE_LOSSES,
    LayerStatistics,
    RequiredStatistics,
    add_style_loss,
)
from impasto.networks import add_encoder
from impasto.optimize import IterativeStylizer
from impasto.settings.encoders import ENCODER_CHOICES, ENCODERS

SMALL: Mapping[str, Any] = {"size": 64, "min_size": 32, "steps": (2, 2), "precision": "float32"}


class Blurs(nn.Module):
    """Random 5x5 filters of the picture, at three resolutions."""

    reach = 40

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("kernel", torch.randn((16, 3, 5, 5), generator=generator) / 5)

    def forward(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        features = {}
        for name in layers:
            small = F.avg_pool2d(image, 1 << int(name[4]) - 1)
            features[name] = F.relu(F.conv2d(small, self.get_buffer("kernel"), padding=2))
        return features


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    for name in ("means", "blurs"):
        STYLE_LOSSES.pop(name, None)
        ENCODERS.pop(name, None)
        if name in ENCODER_CHOICES:
            ENCODER_CHOICES.remove(name)


def means(found: LayerStatistics, target: LayerStatistics, seed: int) -> Tensor:
    return (found.mean - target.mean).square().sum() / target.mean.square().sum()


def test_a_loss_of_ones_own_paints(photo: NDArray[np.uint8], painting: NDArray[np.uint8]) -> None:
    with pytest.raises(impasto.SettingsError, match="not of 'means'"):
        impasto.Settings(style_loss="means")
    add_style_loss("means", means, RequiredStatistics(moments=True))
    alone = impasto.stylize(photo, painting, style_loss="means", **SMALL)
    both = impasto.stylize(photo, painting, style_loss="gram+means", **SMALL)
    assert np.abs(alone.pixels - both.pixels).max() > 0.01
    assert both.recipe is not None
    assert both.recipe["settings"]["style_loss"] == "gram+means"  # type: ignore[index]


def test_an_encoder_of_ones_own_paints(
    photo: NDArray[np.uint8], painting: NDArray[np.uint8]
) -> None:
    network = Blurs()
    add_encoder("blurs", network)
    layers: Mapping[str, Any] = {
        "style_layers": ("relu1_1", "relu3_1"),
        "content_layers": ("relu3_1",),
    }
    stylizer = IterativeStylizer(painting, encoder="blurs", **layers, **SMALL)
    states = list(stylizer.run(photo))
    assert states[-1].loss < states[-2].loss
    assert stylizer.describe().startswith("blurs on")
    first = stylizer.reader.encoders["blurs"].sha256
    network.get_buffer("kernel").mul_(2)
    assert IterativeStylizer(painting, encoder="blurs").reader.encoders["blurs"].sha256 != first


def test_a_large_picture_is_seen_in_tiles_by_it(
    photo: NDArray[np.uint8], painting: NDArray[np.uint8]
) -> None:
    add_encoder("blurs", Blurs())
    stylizer = IterativeStylizer(painting, encoder="blurs", size=512, memory="700MB")
    plan = stylizer.run(photo).plan
    assert plan.bytes < 7e8
    assert plan.stages[-1].side is not None


@pytest.mark.parametrize("name", ["gram", "two words", "a+b", ""])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(impasto.SettingsError, match="cannot be a name of your own"):
        add_style_loss(name, means, RequiredStatistics(moments=True))


def test_what_is_no_encoder() -> None:
    with pytest.raises(impasto.SettingsError, match="cannot be a name of your own"):
        add_encoder("vgg19", Blurs())
    with pytest.raises(impasto.SettingsError, match="with a reach"):
        add_encoder("blurs", nn.ReLU())  # type: ignore[arg-type]
