"""What is kept of a picture's features, and how features are given what another picture has.

Whitening and coloring (Li et al. 2017, "Universal Style Transfer via Feature Transforms"), and
channel by channel, adaptive instance normalization (Huang & Belongie 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.fast.sessions import Array

Matrix = NDArray[np.float64]


class Kind(NamedTuple):
    """What of the features is kept, and what is added to it: what is flat is not to be blown up.

    Attributes:
        relative: Added to each variance, as a part of the mean variance.
        constant: Added to each variance.
        diagonal: Whether channels are taken one by one, without their covariances.
    """

    relative: float
    constant: float
    diagonal: bool = False


class Statistics(NamedTuple):
    """What is kept of one map of features.

    Attributes:
        mean: float32 (C, 1).
        covariance: float64 (C, C), or variances (C,).
    """

    mean: Array
    covariance: Matrix


class Coloring(NamedTuple):
    """What whitened features are given.

    Attributes:
        mean: float32 (C, 1).
        root: float64 (C, C), of a covariance, or deviations (C,).
    """

    mean: Array
    root: Matrix


class Transfer(NamedTuple):
    """An affine change of features: matrix · features + offset.

    Attributes:
        matrix: float32 (C, C), or a factor for each channel (C,).
        offset: float32 (C, 1).
    """

    matrix: Array
    offset: Array

    def __call__(self, features: Array) -> Array:
        """Change (1, C, H, W)."""
        flat = features.reshape(len(self.matrix), -1)
        changed = self.matrix[:, None] * flat if self.matrix.ndim == 1 else self.matrix @ flat
        changed += self.offset
        return changed.reshape(features.shape)


def statistics(features: Array, kind: Kind) -> Statistics:
    """Return mean and covariance of the channels of (1, C, H, W)."""
    flat = features.reshape(features.shape[1], -1)
    mean = flat.mean(1, keepdims=True)
    centered = flat - mean
    if kind.diagonal:
        variance = np.square(centered).mean(1, dtype=np.float64)
        return Statistics(mean, variance + (kind.relative * variance.mean() + kind.constant))
    covariance = (centered @ centered.T / flat.shape[1]).astype(np.float64)
    little = kind.relative * covariance.trace() / len(covariance) + kind.constant
    return Statistics(mean, covariance + little * np.eye(len(covariance)))


def coloring(style: Statistics) -> Coloring:
    """Return what a style gives."""
    return Coloring(style.mean, _power(style.covariance, 0.5))


def mixed_coloring(styles: Sequence[Coloring], shares: Sequence[float]) -> Coloring:
    """Return what a mixture of styles gives; shares are 1 together."""
    mean = sum(np.float32(s) * each.mean for s, each in zip(shares, styles, strict=True))
    root = sum(s * each.root for s, each in zip(shares, styles, strict=True))
    return Coloring(np.asarray(mean), np.asarray(root))


def transfer(content: Statistics, wanted: Coloring, strength: float = 1) -> Transfer:
    """Return what gives features with these statistics the wanted ones.

    Args:
        content: Of the features that will be changed.
        wanted: Of the style.
        strength: Part of the change; 0 is none.
    """
    part, white = np.float32(strength), _power(content.covariance, -0.5)
    if white.ndim == 1:
        whole = (wanted.root * white).astype(np.float32)
        moved = wanted.mean - whole[:, None] * content.mean
        return Transfer((1 - part) + part * whole, part * moved)
    whole = (wanted.root @ white).astype(np.float32)
    moved = wanted.mean - whole @ content.mean
    one = np.eye(len(white), dtype=np.float32)
    return Transfer((1 - part) * one + part * whole, part * moved)


def _power(matrix: Matrix, exponent: float) -> Matrix:
    if matrix.ndim == 1:
        return matrix**exponent
    values, vectors = np.linalg.eigh(matrix)
    # Rounding may have taken more than what was added.
    floor = 1e-9 * values[-1]
    power: Matrix = (vectors * np.maximum(values, floor) ** exponent) @ vectors.T
    return power
