"""What a picture keeps of content and style, in the eyes of an encoder.

All are distances: 0 for the picture they are measured from. Features are (1, C, H, W) by layer.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.evaluation.wasserstein import directions, ranked
from impasto.losses import gram_matrix, relative_content_loss, relative_style_loss

Features = Mapping[str, Tensor]
#: Cells of the grid that self-similarity is seen in, across and down.
GRID = 24
#: Of features: directions to project on, and at most so many positions of a layer.
_DIRECTIONS, _POSITIONS = 32, 1 << 14
_TINY = 1e-12


def content_distance(features: Tensor, target: Tensor) -> float:
    """Return Σ (F − P)² / Σ P² of one layer (Gatys et al. 2016, eq. 1, relative).

    Args:
        features: (1, C, H, W), of the stylized picture.
        target: The same of the photograph.

    Returns:
        From 0, the photograph itself; 1 is a picture without features, and more are possible.
    """
    return float(relative_content_loss(features, target))


def grams(features: Features) -> dict[str, Tensor]:
    """Return the Gram matrix of each layer: what `style_distance` compares."""
    return {name: gram_matrix(each) for name, each in features.items()}


def style_distance(made: Features, targets: Features) -> float:
    """Return the mean over layers of Σ (G − A)² / Σ A² (Gatys et al. 2016, eq. 4, relative).

    Args:
        made: Gram matrices (1, C, C) of the stylized picture, by layer.
        targets: The same of the style.

    Returns:
        From 0, the style's texture; 1 is a picture without features, and more are possible.
    """
    apart = [float(relative_style_loss(made[name], target)) for name, target in targets.items()]
    return sum(apart) / len(apart)


def projected(features: Features) -> dict[str, Tensor]:
    """Return each layer's features in order along random directions, for `texture_distance`.

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
    apart = [
        float((made[name] - target).abs().mean() / target.abs().mean().clamp_min(_TINY))
        for name, target in targets.items()
    ]
    return sum(apart) / len(apart)


def similarities(features: Features) -> Tensor:
    """Return how unlike each place of a picture is to each other one, for `self_similarity`.

    Cosine distances of the layers' features laid on one another, every column summing to 1.

    Returns:
        (places, places), of a grid of `GRID` cells across and down.
    """
    columns = [F.adaptive_avg_pool2d(each, GRID).flatten(2)[0] for each in features.values()]
    places = F.normalize(torch.cat(columns), dim=0)
    unlike = (1 - places.T @ places).clamp_min(0)
    return unlike / unlike.sum(0, keepdim=True).clamp_min(_TINY)


def self_similarity(made: Tensor, target: Tensor) -> float:
    """Return how differently the places of two pictures resemble each other.

    Kolkin et al. 2019, "Style Transfer by Relaxed Optimal Transport and Self-Similarity", eq. 8.
    Departing from it, places are the cells of a grid and not random ones, and the sum over a column
    is halved and not divided by their number, so that it runs from 0 to 1.

    Args:
        made: From `similarities`, of the stylized picture.
        target: Of the photograph.

    Returns:
        In [0, 1]; 0 for the photograph itself.
    """
    return float((made - target).abs().sum(0).mean() / 2)
