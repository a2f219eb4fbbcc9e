"""Distances of sets of pictures: FID and ArtFID, on the features of a network that users bring.

Sources: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule" (FID); Wright & Ommer
2022, "ArtFID: Quantitative Evaluation of Neural Style Transfer".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError
from impasto.evaluation.evaluating import Row, summarized
from impasto.evaluation.networks import Network, features_of

Floats = NDArray[np.float64]
#: With fewer pictures, an FID says more about their number than about them.
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
    """Return ‖m − n‖² + tr(S + T − 2 (S T)^½), from 0 (Heusel et al. 2017, eq. 6).

    The trace of the root is that of (S^½ T S^½)^½, which is symmetric: its eigenvalues are real,
    however few pictures there are.
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
    """Tell whether the FID of so many pictures is not worth comparing with others."""
    return pictures < max(ENOUGH, dimensions)


class SetDistances(NamedTuple):
    """Of outputs, photographs and styles, each taken together, to all styles.

    Attributes:
        fid: By what is compared; that of the styles is 0.
        art_fid: The same; None without LPIPS.
        dimensions: Of a feature.
        warn: Whether there are too few pictures for the numbers to mean much.
    """

    fid: tuple[float, float, float]
    art_fid: tuple[float, float, float] | None
    dimensions: int
    warn: bool


def set_distances(rows: Sequence[Row], network: Network) -> SetDistances:
    """Return FID and ArtFID of outputs, photographs and styles to the styles.

    Raises:
        ImageError: There is one picture only.
        WeightsError: The network cannot take pictures.
    """
    contents, styles, outputs = zip(*(row.triple for row in rows), strict=True)
    features = [features_of(each, network) for each in (outputs, contents, styles)]
    made, photos, target = map(gaussian, features)
    fids = frechet_distance(made, target), frechet_distance(photos, target), 0.0
    lpips = summarized(rows).get("lpips")
    dimensions = features[0].shape[1]
    arts = None
    if lpips is not None:
        arts = (
            art_fid(fids[0], lpips.mean),
            art_fid(fids[1], lpips.photo),
            art_fid(fids[2], lpips.style),
        )
    return SetDistances(fids, arts, dimensions, too_few(len(rows), dimensions))
