"""Losses of stylized pictures while a network learns to make them (Johnson et al. 2016)."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.settings.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.training.vgg_loss import FusedVgg, relative_error, relative_gram_distance
from impasto.weights.any_style import CELL

#: Layers at which features of photographs get the style's means and variances as their targets.
_DENSE_LAYERS = ("relu3_1", "relu4_1")
_CONTENT = CONTENT_LAYERS[0]
_FLAT = 0.03  # difference of neighbors in a photograph at which a place is hardly flat any more
_MOST_GAIN = 5.0
#: Of the style layers: what is missing of strokes is missing in the middle.
_LAYER_WEIGHTS = torch.tensor([1.0, 1.0, 2.0, 2.0, 1.0]) / 7


def perceptual_losses(
    vgg: FusedVgg,
    stylized: Tensor,
    contents: Tensor,
    grams: Mapping[str, Tensor],
    means: Mapping[str, Tensor] | None = None,
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
        contents: The photographs (M, 3, H, W), each for N / M pictures in turn.
        grams: Gram matrices of the styles (N, C, C), by style layer.
        means: Mean features of the styles (N, C), by style layer; None: no dense targets.
    """
    times = len(stylized) // len(contents)
    with torch.no_grad():
        seen = vgg(contents, (_CONTENT,) if means is None else (*_DENSE_LAYERS, _CONTENT))
    # The gradient does not know that pictures were cut off.
    within = stylized + (stylized.clamp(0, 1) - stylized).detach()
    features = vgg(within, (*STYLE_LAYERS, _CONTENT))
    distances = torch.stack(
        [relative_gram_distance(features[name], grams[name]) for name in STYLE_LAYERS]
    )
    content = seen[_CONTENT].repeat_interleave(times, 0)
    losses = {
        "style": (_LAYER_WEIGHTS.to(distances) @ (distances + 0.01).sqrt()).mean(),
        "content": relative_error(features[_CONTENT], content).mean(),
        "flat": flatness_loss(stylized, contents),
        "lattice": checkerboard_loss(stylized),
        "beyond": (stylized - stylized.clamp(0, 1)).square().mean(),
        "gram": distances.detach().mean(),
    }
    if means is not None:
        errors = [
            relative_error(features[n], _dense_target(seen[n], grams[n], means[n])).mean()
            for n in _DENSE_LAYERS
        ]
        losses["dense"] = torch.stack(errors).mean()
    return losses


@torch.no_grad()
def _dense_target(features: Tensor, gram: Tensor, mean: Tensor) -> Tensor:
    """Return features of the photographs with the styles' means and variances."""
    times, mean = len(mean) // len(features), mean[:, :, None, None]
    variance, own = (
        each.repeat_interleave(times, 0)
        for each in torch.var_mean(features.float(), (2, 3), keepdim=True)
    )
    wanted = gram.diagonal(dim1=1, dim2=2)[:, :, None, None] - mean.square()
    gain = ((wanted.clamp_min(0) + 1e-3) / (variance + 1e-3)).sqrt().clamp_max(_MOST_GAIN)
    moved = features.float().repeat_interleave(times, 0)
    return torch.addcmul(mean - own * gain, moved, gain).clamp_min(0)


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
