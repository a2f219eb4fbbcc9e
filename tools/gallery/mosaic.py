"""A mosaic of irregular stones laid in arcs around a sun, with grout between them."""

import numpy as np
from tools.gallery.canvas import Array
from tools.gallery.cells import voronoi

from impasto.images import Picture

#: Stones from the sun outwards, as sRGB.
RINGS = np.array(
    [(244, 208, 96), (226, 120, 48), (176, 44, 40), (242, 232, 208), (30, 112, 128), (18, 52, 96)],
    dtype=np.float64,
)
GROUT = np.array((46, 40, 38), np.float64)
SUN = (0.38, 0.42)
#: Size of a stone, in sides of the picture.
STONE = 0.028


def mosaic(size: int, seed: int = 0) -> Picture:
    """Lay stones in rings, each one a Voronoi cell.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the stones' places and shades.
    """
    random = np.random.default_rng(seed)
    centers = _centers(random)
    colors = _colors(centers, random)
    nearest, first, second = voronoi(centers, size, 2.2 * STONE)
    edge = (second - first) / STONE
    light = 1 + 0.10 * np.clip((edge - 0.5) / 2, 0, 1)
    cover = np.clip((edge - 0.16) / 0.12, 0, 1)[..., None]
    pixels = cover * colors[nearest] * light[..., None] + (1 - cover) * GROUT
    pixels += random.normal(0, 2.5, pixels.shape)
    return Picture(np.clip(pixels / 255, 0, 1).astype(np.float32), name="mosaic")


def _centers(random: np.random.Generator) -> Array:
    """Return (N, 2) places of stones on rings around the sun, unit square."""
    places = []
    for ring in range(int(1.2 / STONE)):
        radius = STONE * (ring + 0.5)
        count = max(3, round(2 * np.pi * radius / STONE))
        angle = 2 * np.pi * (np.arange(count) + random.uniform()) / count
        place = np.stack([np.cos(angle), np.sin(angle)], -1) * radius + SUN
        places.append(place + random.normal(0, 0.09 * STONE, place.shape))
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
