"""Whitening and coloring: features get the mean and covariance of another picture's.

Source: Li et al. 2017, "Universal Style Transfer via Feature Transforms".
"""

from typing import NamedTuple

import torch
from torch import Tensor

#: What is added to variances of features: a part of the mean variance, and at least.
RELATIVE, CONSTANT = 1e-2, 1e-4
OF_COLORS = (0.0, 1e-5)  # the same for colors
_LEAST_EIGENVALUE = 1e-8


class Coloring(NamedTuple):
    """A style, for whitened features: a mean (N, C, 1), and a covariance's root (N, C, C)."""

    mean: Tensor
    root: Tensor


def statistics(
    features: Tensor, relative: float = RELATIVE, constant: float = CONSTANT
) -> tuple[Tensor, Tensor]:
    """Return mean (N, C, 1) and covariance (N, C, C) of (N, C, H, W), in float32.

    Variances get `relative` of the mean variance and a `constant` more.
    """
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().flatten(2)
        mean = flat.mean(2, keepdim=True)
        covariance = (flat - mean) @ (flat - mean).mT / flat.shape[2]
        variance = covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
        one = torch.eye(flat.shape[1], device=flat.device)
        return mean, covariance + (relative * variance + constant) * one


def coloring(features: Tensor, relative: float = RELATIVE, constant: float = CONSTANT) -> Coloring:
    """Return what features of styles (N, C, H, W) give; see `statistics`."""
    mean, covariance = statistics(features, relative, constant)
    return Coloring(mean, roots(covariance)[0])


def transferred(
    features: Tensor,
    style: Coloring,
    relative: float = RELATIVE,
    constant: float = CONSTANT,
    *,
    strength: float = 1,
    covariance: float = 1,
) -> Tensor:
    """Give (N, C, H, W) the mean and covariance of a style each.

    Features are whitened by the inverse root of their own covariance (see `statistics`), then
    colored. Strength is the part of the change, and `covariance` that of the covariance's; 0 is
    none.
    """
    with torch.autocast(features.device.type, enabled=False):
        mean, own = statistics(features, relative, constant)
        part, one = strength * covariance, torch.eye(mean.shape[1], device=mean.device)
        matrix = part * style.root @ roots(own)[1] + (1 - part) * one
        offset = torch.lerp(mean, style.mean, strength) - matrix @ mean
        flat = torch.baddbmm(offset, matrix, features.float().flatten(2))
    return flat.view_as(features).to(features.dtype).contiguous(memory_format=torch.channels_last)


def roots(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return root and inverse root of symmetric positive definite matrices (N, C, C)."""
    with torch.autocast(matrix.device.type, enabled=False):
        values, vectors = torch.linalg.eigh(matrix)
        values = values.clamp_min(_LEAST_EIGENVALUE).sqrt()[:, None]
        return (vectors * values) @ vectors.mT, (vectors / values) @ vectors.mT
