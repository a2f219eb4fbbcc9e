"""What is kept of a picture's features, and how features are given what another picture has.

Whitening and coloring (Li et al. 2017, "Universal Style Transfer via Feature Transforms"), and
channel by channel, adaptive instance normalization (Huang & Belongie 2017).
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.fast.sessions import Array

Matrix = NDArray[np.float64]
#: Added to variances, so that what is flat is not blown up; as the authors of AdaIN do.
_LITTLE = 1e-5


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


def statistics(features: Array, *, diagonal: bool = False) -> Statistics:
    """Return mean and covariance of the channels of (1, C, H, W), a little added to variances.

    Args:
        features: Whose.
        diagonal: Whether channels are taken one by one, without their covariances.
    """
    flat = features.reshape(features.shape[1], -1)
    mean = flat.mean(1, keepdims=True)
    centered = flat - mean
    if diagonal:
        return Statistics(mean, np.square(centered).mean(1, dtype=np.float64) + _LITTLE)
    covariance = (centered @ centered.T / flat.shape[1]).astype(np.float64)
    return Statistics(mean, covariance + _LITTLE * np.eye(len(covariance)))


def coloring(style: Statistics) -> Coloring:
    """Return what a style gives."""
    return Coloring(style.mean, _power(style.covariance, 0.5))


def mixed_arrays(arrays: Sequence[Array], shares: Sequence[float]) -> Array:
    """Return a weighted sum; shares are 1 together."""
    parts = (np.float32(share) * each for share, each in zip(shares, arrays, strict=True))
    return np.asarray(sum(parts))


def mixed_coloring(styles: Sequence[Coloring], shares: Sequence[float]) -> Coloring:
    """Return what a mixture of styles gives; shares are 1 together."""
    root = sum(s * each.root for s, each in zip(shares, styles, strict=True))
    return Coloring(mixed_arrays([each.mean for each in styles], shares), np.asarray(root))


def transferred(
    features: Array, content: Statistics, wanted: Coloring, strength: float = 1
) -> Array:
    """Return features (1, C, H, W) that are given the wanted statistics.

    Args:
        features: Are changed by an affine map.
        content: Statistics that they are taken to have.
        wanted: Of the style.
        strength: Part of the change; 0 is none.
    """
    part, white = np.float32(strength), _power(content.covariance, -0.5)
    flat = features.reshape(len(white), -1)
    if white.ndim == 1:
        whole = (wanted.root * white).astype(np.float32)[:, None]
        changed = ((1 - part) + part * whole) * flat
        changed += part * (wanted.mean - whole * content.mean)
    else:
        whole = (wanted.root @ white).astype(np.float32)
        changed = ((1 - part) * np.eye(len(white), dtype=np.float32) + part * whole) @ flat
        changed += part * (wanted.mean - whole @ content.mean)
    return changed.reshape(features.shape)


def _power(matrix: Matrix, exponent: float) -> Matrix:
    if matrix.ndim == 1:
        return matrix**exponent
    values, vectors = np.linalg.eigh(matrix)
    # Rounding may have taken more than what was added.
    floor = 1e-9 * values[-1]
    power: Matrix = (vectors * np.maximum(values, floor) ** exponent) @ vectors.T
    return power


@cache
def _controller() -> Any:  # noqa: ANN401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


_LOCK = threading.Lock()
_inside = 0
_limit: Any = None


@contextmanager
def one_core() -> Iterator[None]:
    """Keep numpy's linear algebra on one core while a network's runtime has them all.

    The threads of OpenBLAS wait for more work by spinning, and take a core from the runtime that
    comes next: a picture takes twice as long. Several threads may be in it at once, and the last
    one out puts things back.
    """
    global _inside, _limit
    with _LOCK:
        if _inside == 0:
            _limit = _controller().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _LOCK:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()
