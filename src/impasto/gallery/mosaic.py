"""A mosaic of irregular stones laid in arcs around a sun, with grout between them."""

import numpy as np
from numpy.typing import NDArray

from impasto.images import Picture

Array = NDArray[np.float64]

#: Stones from the sun outwards, as sRGB.
RINGS = np.array(
    [(244, 208, 96), (226, 120, 48), (176, 44, 40), (242, 232, 208), (30, 112, 128), (18, 52, 96)],
    dtype=np.float64,
)
GROUT = np.array((46, 40, 38), np.float64)
SUN = (0.38, 0.42)


def mosaic(size: int, seed: int = 0) -> Picture:
    """Lay stones in rings, each one a Voronoi cell.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the stones' places and shades.
    """
    random = np.random.default_rng(seed)
    centers = _centers(random)
    colors = _colors(centers, random)
    nearest, edge = _cells(centers, size)
    light = 1 + 0.10 * np.clip((edge - 0.5) / 2, 0, 1)
    cover = np.clip((edge - 0.16) / 0.12, 0, 1)[..., None]
    pixels = cover * colors[nearest] * light[..., None] + (1 - cover) * GROUT
    pixels += random.normal(0, 2.5, pixels.shape)
    return Picture(np.clip(pixels / 255, 0, 1).astype(np.float32), name="mosaic")


def _centers(random: np.random.Generator, stone: float = 0.028) -> Array:
    """Return (N, 2) places of stones on rings around the sun, unit square."""
    places = []
    for ring in range(int(1.2 / stone)):
        radius = stone * (ring + 0.5)
        count = max(3, round(2 * np.pi * radius / stone))
        angle = 2 * np.pi * (np.arange(count) + random.uniform()) / count
        place = np.stack([np.cos(angle), np.sin(angle)], -1) * radius + SUN
        places.append(place + random.normal(0, 0.09 * stone, place.shape))
    centers = np.concatenate(places)
    return centers[((centers > -0.05) & (centers < 1.05)).all(1)]


def _colors(centers: Array, random: np.random.Generator) -> Array:
    """Return (N, 3) sRGB in 0..255: rings with ragged borders, some stones out of place."""
    x, y = (centers - SUN).T
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    ray = 0.035 * np.sign(np.sin(8 * angle)) * np.clip(radius * 6, 0, 1)
    ring = np.floor((radius + ray) / 0.12 + random.normal(0, 0.08, len(centers))).astype(int)
    colors = RINGS[ring % len(RINGS)]
    odd = random.uniform(size=len(centers)) < 0.06
    colors[odd] = RINGS[random.integers(0, len(RINGS), odd.sum())]
    return np.asarray(colors * random.normal(1, 0.09, (len(centers), 1)))


def _cells(centers: Array, size: int, stone: float = 0.028) -> tuple[NDArray[np.int64], Array]:
    """Return each pixel's stone and how far inside it is, in stones (0 at the border), (H, W)."""
    nearest = np.zeros((size, size), np.int64)
    first = np.full((size, size), np.inf)
    second = np.full((size, size), np.inf)
    grid = (np.arange(size) + 0.5) / size
    reach = 2.2 * stone
    for index, (cx, cy) in enumerate(centers):
        columns = slice(*np.searchsorted(grid, (cx - reach, cx + reach)))
        rows = slice(*np.searchsorted(grid, (cy - reach, cy + reach)))
        distance = np.hypot(grid[None, columns] - cx, grid[rows, None] - cy)
        best, next_best = first[rows, columns], second[rows, columns]
        closer = distance < best
        second[rows, columns] = np.where(closer, best, np.minimum(next_best, distance))
        first[rows, columns] = np.where(closer, distance, best)
        nearest[rows, columns] = np.where(closer, index, nearest[rows, columns])
    return nearest, (np.minimum(second, 1) - np.minimum(first, 1)) / stone
