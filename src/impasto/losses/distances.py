"""Distances of features from a target, and how large a target is."""

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
