"""What is kept of a picture's features, and how features are given what another picture has.

Whitening and coloring (Li et al. 2017, "Universal Style Transfer via Feature Transforms").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.fast.sessions import Array

Matrix = NDArray[np.float64]
#: Added to variances, as a part of the mean one and at least: what is flat has nothing to blow up.
RELATIVE, CONSTANT = 1e-2, 1e-4


class Statistics(NamedTuple):
    """What is kept of one map of features.

    Attributes:
        mean: float32 (C, 1).
        covariance: float64 (C, C), a little added to the diagonal.
    """

    mean: Array
    covariance: Matrix


class Coloring(NamedTuple):
    """What whitened features are given.

    Attributes:
        mean: float32 (C, 1).
        root: float64 (C, C), of a covariance.
    """

    mean: Array
    root: Matrix


class Transfer(NamedTuple):
    """An affine change of features: matrix · features + offset.

    Attributes:
        matrix: float32 (C, C).
        offset: float32 (C, 1).
    """

    matrix: Array
    offset: Array

    def __call__(self, features: Array) -> Array:
        """Change (1, C, H, W)."""
        changed = self.matrix @ features.reshape(len(self.matrix), -1)
        changed += self.offset
        return changed.reshape(features.shape)


def statistics(features: Array) -> Statistics:
    """Return mean and covariance of the channels of (1, C, H, W)."""
    flat = features.reshape(features.shape[1], -1)
    mean = flat.mean(1, keepdims=True)
    centered = flat - mean
    covariance = (centered @ centered.T / flat.shape[1]).astype(np.float64)
    little = RELATIVE * covariance.trace() / len(covariance) + CONSTANT
    return Statistics(mean, covariance + little * np.eye(len(covariance)))


def coloring(styles: Sequence[Statistics], shares: Sequence[float]) -> Coloring:
    """Return what a mixture of styles gives; shares are 1 together."""
    mean = sum(np.float32(s) * each.mean for s, each in zip(shares, styles, strict=True))
    root = sum(s * _power(each.covariance, 0.5) for s, each in zip(shares, styles, strict=True))
    return Coloring(np.asarray(mean), np.asarray(root))


def transfer(content: Statistics, wanted: Coloring, strength: float = 1) -> Transfer:
    """Return what gives features with these statistics the wanted ones.

    Args:
        content: Of the features that will be changed.
        wanted: Of the style.
        strength: Part of the change; 0 is none.
    """
    part = np.float32(strength)
    whole = (wanted.root @ _power(content.covariance, -0.5)).astype(np.float32)
    matrix = (1 - part) * np.eye(len(whole), dtype=np.float32) + part * whole
    return Transfer(matrix, part * (wanted.mean - whole @ content.mean))


def _power(matrix: Matrix, exponent: float) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    power: Matrix = (vectors * np.maximum(values, CONSTANT / 2) ** exponent) @ vectors.T
    return power
