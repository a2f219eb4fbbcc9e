"""Distances of sets of pictures: FID and ArtFID, from features that some network gives.

Sources: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule" (FID); Wright & Ommer
2022, "ArtFID: Quantitative Evaluation of Neural Style Transfer".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError

Floats = NDArray[np.float64]
#: Pictures below which an FID says more of their number than of them.
ENOUGH = 2048


class Gaussian(NamedTuple):
    """Mean (D,) and covariance (D, D) of features."""

    mean: Floats
    covariance: Floats


def gaussian(features: Floats) -> Gaussian:
    """Return the statistics of features (N, D).

    Raises:
        ImageError: There are fewer than two.
    """
    if len(features) < 2:
        raise ImageError("FID compares sets of pictures: give two at least, better thousands")
    return Gaussian(features.mean(0), np.atleast_2d(np.cov(features, rowvar=False)))


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
    """Return ‖m − n‖² + tr(S + T − 2 (S T)^½) (Heusel et al. 2017, eq. 6).

    The trace of the root is that of (S^½ T S^½)^½, which is symmetric: its eigenvalues are real,
    and so is the result, however few pictures there are.

    Returns:
        From 0.
    """
    values, vectors = np.linalg.eigh(first.covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    between = np.linalg.eigvalsh(root @ second.covariance @ root)
    apart = float(np.square(first.mean - second.mean).sum())
    traces = float(np.trace(first.covariance) + np.trace(second.covariance))
    return max(0.0, apart + traces - 2 * float(np.sqrt(between.clip(0)).sum()))


def art_fid(fid: float, lpips: float) -> float:
    """Return (1 + LPIPS) · (1 + FID) (Wright & Ommer 2022, eq. 1).

    Args:
        fid: Between the stylized pictures and the styles.
        lpips: Mean LPIPS distance between stylized pictures and their photographs.
    """
    return (1 + lpips) * (1 + fid)


def too_few(pictures: int, dimensions: int) -> bool:
    """Tell whether an FID of so many pictures is not worth comparing with others."""
    return pictures < max(ENOUGH, dimensions)
