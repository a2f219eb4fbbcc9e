"""How painted pictures are judged while a network learns to paint them."""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.training.crops import Dice
from impasto.training.lessons import feature_error, grams
from impasto.training.painter import CELL

#: What pictures are judged by.
LAYERS = (*STYLE_LAYERS, *CONTENT_LAYERS)


def judged(
    features: Mapping[str, Tensor], wanted: Tensor, targets: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """Return relative Gram distance and relative content error of each picture: (N,) each.

    Args:
        features: Of the pictures, by layer.
        wanted: Features of the photographs at the content layer.
        targets: Gram matrices of the styles (N or 1, C, C), by layer.
    """
    made = grams({name: features[name] for name in STYLE_LAYERS})
    apart = [
        feature_error(made[name], targets[name].expand_as(made[name])) for name in STYLE_LAYERS
    ]
    return torch.stack(apart).mean(0), feature_error(features[CONTENT_LAYERS[0]], wanted)


def softened(style: Tensor) -> Tensor:
    """Return the root of relative Gram distances: what is far off does not outweigh all else."""
    return (style + 0.01).sqrt()


def shown(painted: Tensor) -> Tensor:
    """Return pictures within [0, 1]; the gradient does not know that they were cut off."""
    return painted + (painted.clamp(0, 1) - painted).detach()


def roughness(painted: Tensor, contents: Tensor) -> Tensor:
    """Return the mean difference of neighbors where the photograph is flat."""
    total = painted.new_zeros(())
    for dim in (2, 3):
        detail = contents.diff(dim=dim).abs().amax(1, keepdim=True)
        flat = (-F.max_pool2d(detail, 9, 1, 4) / 0.03).exp()
        total = total + (painted.diff(dim=dim).abs() * flat).mean()
    return total


def unrest(
    larger: Tensor, painted: Tensor, paint: Callable[[Tensor], Tensor], dice: Dice
) -> Tensor:
    """Return how much else is painted where photographs move by a few pixels and have noise.

    Args:
        larger: Photographs, `CELL` pixels larger than `painted`.
        painted: What was made of their upper left.
        paint: Makes pictures of photographs.
        dice: What is random.
    """
    down, across = 1 + dice.below(CELL), 1 + dice.below(CELL)
    height, width = painted.shape[2:]
    moved = larger[:, :, down : down + height, across : across + width]
    moved = (moved + dice.normal(moved.shape) * dice.between(0, 0.02)).clamp(0, 1)
    again = paint(moved)
    before, after = painted[:, :, down:, across:], again[:, :, : height - down, : width - across]
    return (before - after).abs().mean()


def lattice(painted: Tensor) -> Tensor:
    """Return how strong the detail is that all cells of `CELL` · `CELL` pixels have in common.

    No picture has any; it is what becomes of features that are alike everywhere.
    """
    smooth = F.avg_pool2d(F.pad(painted, (4, 4, 4, 4), mode="replicate"), 9, 1)
    count, colors, height, width = painted.shape
    cells = (painted - smooth).reshape(count, colors, height // CELL, CELL, width // CELL, CELL)
    common: Tensor = cells.mean((2, 4))
    return (common - common.mean((2, 3), keepdim=True)).abs().mean()
