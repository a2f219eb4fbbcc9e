"""The content loss of Gatys et al. 2016.

The engine sums the same distance tile by tile: `Objective.content_part`.
"""

from torch import Tensor

from impasto.losses.distances import energy, squared_distance


def content_loss(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return ½ Σ (F − P)² (Gatys et al., eq. 1).

    Args:
        features: (N, C, H, W), of the picture.
        target: The same, of the content; it gets no gradient.
        weight: (1, 1, H, W) in [0, 1], how much each position counts; None: all alike.

    Returns:
        (), differentiable once.
    """
    return 0.5 * squared_distance(features, target, weight)


def relative_content_loss(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return Σ (F − P)² / Σ P²: 0 for the content itself, 1 for featureless features.

    Departs from Gatys et al., eq. 1, in the division: weights need not follow encoder and size.

    Args:
        features: (N, C, H, W), of the picture.
        target: The same, of the content; it gets no gradient.
        weight: (1, 1, H, W) in [0, 1], how much each position counts; None: all alike.

    Returns:
        (), differentiable once.

    Examples:
        >>> target = torch.ones(1, 2, 4, 4)
        >>> round(relative_content_loss(torch.zeros(1, 2, 4, 4), target).item(), 3)
        1.0
    """
    return squared_distance(features, target, weight) / energy(target, weight)
