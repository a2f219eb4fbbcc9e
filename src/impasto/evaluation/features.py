"""Measures of an encoder's features, which are (1, C, H, W) by layer: style, texture, structure.

All are distances: 0 for the picture they are measured from.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.evaluation.pixels import directions, ranked, wasserstein_distance
from impasto.losses import relative_style_loss, self_similarity_loss

Features = Mapping[str, Tensor]
#: Cells of the grid that self-similarity is measured on, across and down.
GRID = 24
#: Directions to project features on, and the most positions of a layer that are used.
_DIRECTIONS, _POSITIONS = 32, 1 << 14
_TINY = 1e-12


def style_distance(made: Features, targets: Features) -> float:
    """Return the mean over layers of Σ (G − A)² / Σ A² (Gatys et al. 2016, eq. 4, relative).

    Args:
        made: Gram matrices (1, C, C) of the stylized picture, by layer.
        targets: The same of the style.

    Returns:
        From 0, the style's texture; 1 is a picture without features, and more is possible.
    """
    return fmean(float(relative_style_loss(made[name], each)) for name, each in targets.items())


def projected(features: Features) -> dict[str, Tensor]:
    """Return each layer's features along random directions, for `texture_distance`.

    Returns:
        (directions, ranks) by layer; of large layers every n-th position only.
    """
    found = {}
    for name, each in features.items():
        flat = each.flatten(2)[0]
        flat = flat[:, :: -(-flat.shape[1] // _POSITIONS)]
        found[name] = ranked(directions(len(flat), _DIRECTIONS).to(flat) @ flat)
    return found


def texture_distance(made: Features, targets: Features) -> float:
    """Return the sliced Wasserstein distance of features, relative, mean over layers.

    Heitz et al. 2021, "A Sliced Wasserstein Loss for Neural Texture Synthesis", with the distance
    itself (W₁) and not its square, divided by that of the style to a picture without features.

    Args:
        made: Of the stylized picture, from `projected`.
        targets: Of the style.

    Returns:
        From 0, the style's texture; 1 is a picture without features.
    """
    return fmean(
        wasserstein_distance(made[name], target) / max(_TINY, float(target.abs().mean()))
        for name, target in targets.items()
    )


def grid_features(features: Features) -> Tensor:
    """Return the concatenated features of all layers in `GRID` cells across and down: (P, C)."""
    columns = [F.adaptive_avg_pool2d(each, GRID).flatten(2)[0] for each in features.values()]
    return torch.cat(columns).T


def self_similarity(made: Tensor, target: Tensor) -> float:
    """Return how differently the places of two pictures resemble each other.

    Kolkin et al. 2019, "Style Transfer by Relaxed Optimal Transport and Self-Similarity", eq. 8.
    Departing from it, places are the cells of a grid and not random ones, and the sum over a column
    is halved and not divided by their number, so that it runs from 0 to 1.

    Args:
        made: From `grid_features`, of the stylized picture.
        target: Of the photograph.

    Returns:
        In [0, 1]; 0 for the photograph itself.
    """
    return float(self_similarity_loss(made, target) / 2)
