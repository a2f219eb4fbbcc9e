"""Rings of dots around many centers, meeting like ripples, on dark earth."""

import numpy as np
from tools.gallery.canvas import Array, Brush, colors, finish, grid, toward
from tools.gallery.noise import Noise

from impasto.images import Picture

EARTH = colors("2a1410")[0]
DOTS = colors("f8efd8", "eeb044", "d45f30", "a8382a", "f4d29a", "3f9098", "e8895a", "a9d0c0")
RING = 0.0165


def dotwork(size: int, seed: int = 0) -> Picture:
    """Set rings of dots.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the centers and the colors of their rings.
    """
    random = np.random.default_rng(seed)
    centers = _centers(random)
    brush = Brush(size, EARTH)
    for index, center in enumerate(centers):
        inks = random.permutation(len(DOTS))[:4]
        bold = random.integers(2, 4)
        for ring in range(26):
            radius = RING * ring
            share = 0.95 if ring % bold == 0 else 0.74
            count = max(1, round(2 * np.pi * radius / (RING * (0.55 + 0.45 * share))))
            angle = random.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(count) / count
            places = center + radius * toward(angle)
            color = DOTS[inks[(ring // bold) % 4 if ring % bold else 0]]
            for place in _own(places, centers, index):
                brush.dot(place, RING * share * random.uniform(0.42, 0.5), color)
    x, y = grid(size)
    sand = 1 + 0.06 * Noise(random, 5, 3)(x, y) + 0.06 * Noise(random, 110, 2)(x, y)
    return finish(brush.pixels() * sand[..., None], "dotwork")


def _centers(random: np.random.Generator) -> Array:
    """Return (N, 2) places, some close together and some far apart."""
    found = [random.uniform(0, 1, 2)]
    for place in random.uniform(-0.05, 1.05, (600, 2)):
        apart = 0.12 + 0.16 * abs(np.sin(5 * place[0] + 3 * place[1]))
        if min(np.hypot(*(place - other)) for other in found) > apart:
            found.append(place)
    return np.array(found)


def _own(places: Array, centers: Array, index: int) -> Array:
    """Return the places in the picture that are nearer to a center than to all others."""
    distance = np.linalg.norm(places[:, None] - centers[None], axis=-1)
    own, others = distance[:, index], np.delete(distance, index, 1).min(1)
    seen = ((places > -0.02) & (places < 1.02)).all(1)
    return np.asarray(places[(own < others - 0.35 * RING) & seen])
