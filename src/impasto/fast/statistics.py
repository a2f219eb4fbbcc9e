"""What is kept of a picture's features, and how features are given what another picture has.

Whitening and coloring (Li et al. 2017, "Universal Style Transfer via Feature Transforms"), and
channel by channel, adaptive instance normalization (Huang & Belongie 2017).
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
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
        matrix: float64, the covariance (C, C), or variances (C,) where channels are taken one by
            one; what a style gives has its root, or deviations.
    """

    mean: Array
    matrix: Matrix


def statistics(features: Array, *, diagonal: bool = False) -> Statistics:
    """Return mean and covariance of the channels of (1, C, H, W), a little added to variances.

    If `diagonal`, channels are taken one by one, without their covariances.
    """
    flat = features.reshape(features.shape[1], -1)
    mean = flat.mean(1, keepdims=True)
    centered = flat - mean
    if diagonal:
        return Statistics(mean, np.square(centered).mean(1, dtype=np.float64) + _LITTLE)
    covariance = (centered @ centered.T / flat.shape[1]).astype(np.float64)
    return Statistics(mean, covariance + _LITTLE * np.eye(len(covariance)))


def coloring(style: Statistics) -> Statistics:
    """Return what a style gives: its mean, and the root of its covariance."""
    return Statistics(style.mean, _power(style.matrix, 0.5))


def mixed_codes(codes: Sequence[Any], shares: Sequence[float]) -> Any:  # noqa: ANN401
    """Return a weighted sum of arrays, or of lists or mappings of such; shares are 1 together."""
    first = codes[0]
    if isinstance(first, Mapping):
        return {name: mixed_codes([each[name] for each in codes], shares) for name in first}
    if isinstance(first, list | tuple):
        return [mixed_codes(parts, shares) for parts in zip(*codes, strict=True)]
    return np.asarray(sum(share * each for share, each in zip(shares, codes, strict=True)))


def transferred(
    features: Array, content: Statistics, wanted: tuple[Array, Matrix], strength: float = 1
) -> Array:
    """Change features (1, C, H, W) that have the content's statistics to have the wanted ones.

    The wanted ones are from `coloring`. The strength is the part of the change; 0 is none.
    """
    part, white = np.float32(strength), _power(content.matrix, -0.5)
    flat = features.reshape(len(white), -1)
    mean, root = wanted
    if white.ndim == 1:
        whole = (root * white).astype(np.float32)[:, None]
        changed = ((1 - part) + part * whole) * flat
        changed += part * (mean - whole * content.mean)
    else:
        whole = (root @ white).astype(np.float32)
        changed = ((1 - part) * np.eye(len(white), dtype=np.float32) + part * whole) @ flat
        changed += part * (mean - whole @ content.mean)
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


@contextmanager
def one_core() -> Iterator[None]:
    """Keep numpy's linear algebra on one core while a network's runtime has them all.

    The threads of OpenBLAS wait for more work by spinning, and take a core from the runtime that
    comes next: a picture takes twice as long. The limit is the process's, so threads take turns.
    """
    with _LOCK, _controller().limit(limits=1, user_api="blas"):
        yield
