"""Losses of stylized pictures while a network learns to make them (Johnson et al. 2016)."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.settings.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.training.vgg_loss import FusedVgg, relative_error, relative_gram_distance
from impasto.weights.any_style import CELL

#: Layers at which features of photographs get the style's means and variances as their targets.
DENSE_LAYERS = ("relu3_1", "relu4_1")
_CONTENT = CONTENT_LAYERS[0]
_FLAT = 0.03
"""Difference of neighbors in a photograph at which a place is hardly flat any more."""
_MOST_GAIN = 5.0
_LAYER_WEIGHTS = torch.tensor([1.0, 1.0, 2.0, 2.0, 1.0]) / 7
"""Of the style layers: what is missing of strokes is missing in the middle."""


@dataclass(frozen=True)
class Targets:
    """What pictures are measured against.

    Attributes:
        grams: Gram matrices of the styles (N, C, C), by style layer.
        means: Mean features of the styles (N, C), by style layer; none: no dense targets.
        content: Features of the photographs, by layer: (N / styles, C, h, w), each photograph's for
            `styles` pictures in turn.
        styles: Pictures of each photograph.
    """

    grams: Mapping[str, Tensor]
    means: Mapping[str, Tensor]
    content: Mapping[str, Tensor]
    styles: int = 1


def content_layers(*, dense: bool) -> tuple[str, ...]:
    """Return the layers that are computed of photographs."""
    return (*DENSE_LAYERS, _CONTENT) if dense else (_CONTENT,)


def perceptual_losses(
    vgg: FusedVgg, stylized: Tensor, contents: Tensor, targets: Targets
) -> dict[str, Tensor]:
    """Return the losses of pictures, each a number.

    `style` is the weighted mean root of the relative Gram distances over pictures and layers
    (Gatys et al. 2016; the root, so that what is far off does not outweigh all else), `content` the
    relative error at relu4_2, `dense` that of features that have the style's means and variances
    place by place (Huang & Belongie 2017), `flat` that of `flatness_loss`, `lattice` that of
    `checkerboard_loss`, `beyond` what is cut off at 0 and 1: VGG-19 does not see it, so it would
    grow. `gram` is the plain relative Gram distance, not to be minimized.

    Args:
        vgg: VGG-19.
        stylized: (N, 3, H, W), not clamped.
        contents: What they show, (N / styles, 3, H, W).
        targets: Of the styles and the photographs.
    """
    features = vgg(_clamped(stylized), (*STYLE_LAYERS, _CONTENT))
    distances = torch.stack(
        [relative_gram_distance(features[name], targets.grams[name]) for name in STYLE_LAYERS]
    )
    losses = {
        "style": (_LAYER_WEIGHTS.to(distances) @ (distances + 0.01).sqrt()).mean(),
        "content": relative_error(
            features[_CONTENT], targets.content[_CONTENT].repeat_interleave(targets.styles, 0)
        ).mean(),
        "flat": flatness_loss(stylized, contents),
        "lattice": checkerboard_loss(stylized),
        "beyond": (stylized - stylized.clamp(0, 1)).square().mean(),
        "gram": distances.detach().mean(),
    }
    if targets.means:
        losses["dense"] = torch.stack(
            [relative_error(features[n], _dense(n, targets)).mean() for n in DENSE_LAYERS]
        ).mean()
    return losses


@torch.no_grad()
def _dense(layer: str, targets: Targets) -> Tensor:
    """Return features of the photographs with the style's means and variances."""
    features, mean = targets.content[layer].float(), targets.means[layer][:, :, None, None]
    variance, own = (
        each.repeat_interleave(targets.styles, 0)
        for each in torch.var_mean(features, (2, 3), keepdim=True)
    )
    features = features.repeat_interleave(targets.styles, 0)
    wanted = targets.grams[layer].diagonal(dim1=1, dim2=2)[:, :, None, None] - mean.square()
    gain = ((wanted.clamp_min(0) + 1e-3) / (variance + 1e-3)).sqrt().clamp_max(_MOST_GAIN)
    return torch.addcmul(mean - own * gain, features, gain).clamp_min(0)


def _clamped(stylized: Tensor) -> Tensor:
    """Return pictures within [0, 1]; the gradient does not know that they were cut off."""
    return stylized + (stylized.clamp(0, 1) - stylized).detach()


def flatness_loss(stylized: Tensor, contents: Tensor) -> Tensor:
    """Return the mean difference of neighbors where the photograph is flat.

    Args:
        stylized: (N, 3, H, W).
        contents: (M, 3, H, W), each for N / M pictures in turn.
    """
    total = stylized.new_zeros(())
    for dim in (2, 3):
        detail = contents.diff(dim=dim).abs().amax(1, keepdim=True)
        # In two passes: the largest of 9 · 9 pixels.
        detail = F.max_pool2d(F.max_pool2d(detail, (9, 1), 1, (4, 0)), (1, 9), 1, (0, 4))
        flat = (-detail / _FLAT).exp().repeat_interleave(len(stylized) // len(contents), 0)
        total = total + (stylized.diff(dim=dim).abs() * flat).mean()
    return total


def checkerboard_loss(stylized: Tensor) -> Tensor:
    """Return how strong the detail is that all cells of `CELL` · `CELL` pixels share.

    No picture has any but for its mean slope, which is taken off; it is what becomes of features
    that are alike everywhere.

    Args:
        stylized: (N, 3, H, W), sides multiples of `CELL`.
    """
    count, colors, height, width = stylized.shape
    cells = stylized.reshape(count, colors, height // CELL, CELL, width // CELL, CELL)
    common = cells.mean((2, 4))
    common = common - common.mean((2, 3), keepdim=True)
    ramp = torch.arange(CELL, device=stylized.device) - (CELL - 1) / 2
    energy = ramp.square().sum() * CELL
    for slope in (ramp[:, None], ramp):
        common = common - (common * slope).sum((2, 3), keepdim=True) / energy * slope
    return common.abs().mean()
