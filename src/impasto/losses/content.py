"""Distances of features from a target: the content loss of Gatys et al. 2016, and its parts.

The engine sums the same distance tile by tile: `Objective.content_part`.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

#: Keeps a target without any energy from dividing by zero; far below all real energies.
TINY = 1e-30


class _SquaredDistance(torch.autograd.Function):
    """Σ (F − P)² in fewer passes through memory; the gradient lies there as the features do.

    It can be differentiated once, and with respect to the features only.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, target: Tensor) -> Tensor:  # noqa: ANN401
        assert not target.requires_grad
        difference = features - target
        ctx.save_for_backward(difference)
        ctx.dtype = features.dtype
        norm: Tensor = torch.linalg.vector_norm(difference)
        return norm.square()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        difference: Tensor = ctx.saved_tensors[0]
        return (difference * (2 * gradient)).to(ctx.dtype), None


def squared_distance(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return Σ w (F − P)², a sum over positions: parts of a picture add up.

    Args:
        features: (N, C, H, W).
        target: The same; it gets no gradient.
        weight: (1, 1, H, W) in [0, 1], how much each position counts; None: all alike.

    Returns:
        (), differentiable once.
    """
    if weight is None:
        distance: Tensor = _SquaredDistance.apply(features, target)  # type: ignore[no-untyped-call]
        return distance
    return ((features.to(target.dtype) - target).square() * weight).sum()


def energy(target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return Σ w P², and never zero.

    Args:
        target: (N, C, H, W), or any shape without a weight.
        weight: (1, 1, H, W) in [0, 1]; None: all alike.
    """
    squares = target.square() if weight is None else target.square() * weight
    return squares.sum().clamp_min(TINY)


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
