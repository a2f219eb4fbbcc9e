"""Voronoi cells: which of many centers is the nearest one to each pixel."""

import numpy as np
from numpy.typing import NDArray
from tools.gallery.canvas import Array


def voronoi(centers: Array, size: int, reach: float) -> tuple[NDArray[np.int64], Array, Array]:
    """Find the two nearest centers of each pixel.

    Args:
        centers: (N, 2) in the unit square.
        size: Side of the picture, in pixels.
        reach: How far a center can be from any pixel it matters to.

    Returns:
        Index of the nearest center, the distance to it and to the second one, (H, W) each.
    """
    nearest = np.zeros((size, size), np.int64)
    first = np.full((size, size), np.inf)
    second = np.full((size, size), np.inf)
    at = (np.arange(size) + 0.5) / size
    for index, (cx, cy) in enumerate(centers):
        columns = slice(*np.searchsorted(at, (cx - reach, cx + reach)))
        rows = slice(*np.searchsorted(at, (cy - reach, cy + reach)))
        distance = np.hypot(at[None, columns] - cx, at[rows, None] - cy)
        best, next_best = first[rows, columns], second[rows, columns]
        closer = distance < best
        second[rows, columns] = np.where(closer, best, np.minimum(next_best, distance))
        first[rows, columns] = np.where(closer, distance, best)
        nearest[rows, columns] = np.where(closer, index, nearest[rows, columns])
    return nearest, np.minimum(first, 1), np.minimum(second, 1)
