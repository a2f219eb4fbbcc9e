"""However a picture is cut, its losses and gradient are those of the whole."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.losses import RequiredStatistics, required_statistics
from impasto.networks import Encoder, build_encoder
from impasto.optimize.backward import backward
from impasto.optimize.objective import Objective
from impasto.optimize.style_targets import StyleTarget
from impasto.optimize.targets import Anchor, OctaveTargets
from impasto.optimize.tiles import UNIT, SpatialWeight, StatisticsByLayer, TiledEncoder, tiles_of
from impasto.settings import Settings

Array = NDArray[np.uint8]
ALL = "gram+moments+w2+swd+nnfm+remd+histogram"


def tensor(pixels: Array, height: int, width: int) -> Tensor:
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    return torch.nn.functional.interpolate(image, (height, width), mode="bilinear")


def gradient(objective: Objective, image: Tensor, phase: int | None) -> tuple[list[float], Tensor]:
    leaf = image.clone().requires_grad_()
    losses = backward(objective, leaf, phase, 3)
    assert leaf.grad is not None
    return [float(value.detach()) for value in losses], leaf.grad


def statistics(
    encoder: Encoder,
    image: Tensor,
    layers: Sequence[str],
    required: RequiredStatistics,
    side: int | None = None,
) -> StatisticsByLayer:
    tiled = TiledEncoder(encoder, (image.shape[3], image.shape[2]), side)
    return tiled.statistics(image, layers, required, SpatialWeight(None))


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize(
    ("name", "size", "side", "phase", "settings"),
    [
        ("pocket", (115, 131), 64, None, {"style_loss": ALL}),
        ("pocket", (179, 215), 112, 2, {"content_loss": "features+self-similarity"}),
        ("pocket", (160, 192), 96, 3, {"loss": "gatys"}),
        ("vgg19", (171, 250), 112, None, {"style_loss": "gram+w2+swd"}),
    ],
)
@pytest.mark.slow
def test_tiles_have_the_gradient_of_the_whole(
    name: str,
    size: tuple[int, int],
    side: int,
    phase: int | None,
    settings: dict[str, str],
    photo: Array,
    painting: Array,
    request: pytest.FixtureRequest,
) -> None:
    weights = request.getfixturevalue("teacher") if name == "vgg19" else None
    chosen = Settings.from_dict(settings)
    layers = (*chosen.style_layers, *chosen.content_layers)
    encoder = build_encoder(name, layers, weights=weights)
    wanted = everything(encoder, chosen, tensor(photo, *size), tensor(painting, 96, 96))
    whole, cut = Objective(encoder, chosen, wanted), Objective(encoder, chosen, wanted, side)
    assert len(cut.tiled.tiles) > 3
    dice = torch.Generator().manual_seed(1)
    image = wanted.content.lerp(torch.rand(wanted.content.shape, generator=dice), 0.3)
    values, expected = gradient(whole, image, phase)
    again, found = gradient(cut, image, phase)
    assert again == pytest.approx(values, rel=1e-4)
    assert float((found - expected).norm() / expected.norm()) < 1e-3


def everything(
    encoder: Encoder, settings: Settings, content: Tensor, style: Tensor
) -> OctaveTargets:
    """Return two styles in regions of their own, transparency, what is kept, and an anchor."""
    height, width = content.shape[2:]
    across = torch.linspace(0, 1, width).expand(1, 1, height, width)
    alpha = torch.ones(1, 1, height, width)
    alpha[..., :20, :30] = 0
    keep = torch.zeros_like(alpha)
    keep[..., 60:90, 50:80] = 0.8
    needs = required_statistics(settings.style_losses)
    targets = [
        statistics(encoder, each, settings.style_layers, needs) for each in (style, 1 - style)
    ]
    return OctaveTargets(
        content=content,
        styles=[StyleTarget(targets[0], 0.7, 0), StyleTarget(targets[1], 0.3, 1)],
        alpha=alpha,
        regions=(across, 1 - across),
        keep=keep,
        anchors=[Anchor(content.flip(3), alpha)],
        anchor_weight=0.5,
    )


@pytest.mark.slow
def test_styles_are_read_in_tiles_as_they_are_whole(painting: Array) -> None:
    settings = Settings()
    encoder = build_encoder("pocket", settings.style_layers)
    style, needs = tensor(painting, 150, 203), required_statistics(ALL.split("+"))
    whole = statistics(encoder, style, settings.style_layers, needs)
    cut = statistics(encoder, style, settings.style_layers, needs, side=64)
    for layer, summary in whole.items():
        for (name, a), (_, b) in zip(
            summary.parts().items(), cut[layer].parts().items(), strict=True
        ):
            # Beside the mean about which it is taken, the first moment is nothing.
            size = summary.mean.norm() if name == "mean_offset" else a.norm()
            assert float((a - b).norm() / size) < 1e-4, f"{layer} {name}"


def test_tiles_hold_each_pixel_once() -> None:
    for size, side in (((100, 37), 32), ((33, 200), 48), ((16, 16), 16), ((1000, 700), 256)):
        seen = torch.zeros(size[1], size[0])
        for tile in tiles_of(size, side, 16):
            tile.inner.of(seen).add_(1)
            left, top, right, bottom = tile.inner
            assert max(right - left, bottom - top) <= side
            assert tile.outer.left % UNIT == tile.outer.top % UNIT == 0
        assert (seen == 1).all()
