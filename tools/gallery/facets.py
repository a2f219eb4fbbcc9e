"""A scene broken into facets: lines and arcs cut it, each piece is shaded from edge to edge."""

import numpy as np
from tools.gallery.canvas import Array, colors, finish, grid, outline, over, ramp, turned
from tools.gallery.noise import Noise

from impasto.images import Picture

PALETTE = colors(
    "122a4a", "1f5f7a", "5fa8a0", "d8e0c0", "f2c46a", "e8863a", "c23f3a", "6a2040", "2a1a3a"
)
INK = colors("0a0a12")[0]


def facets(size: int, seed: int = 0) -> Picture:
    """Cut the picture with lines and arcs.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the cuts.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    value = 0.5 + 0.18 * Noise(random, 2, 5)(x, y)
    edges = np.zeros_like(x)
    for cut in range(32):
        depth = _cut(x, y, cut, random)
        step = float(random.choice([-1, 1])) * random.uniform(0.12, 0.3)
        # Strongest just behind the cut and fading from it: one plane leans over another.
        lean = step * np.exp(-depth / random.uniform(0.06, 0.2)) + random.normal(0, 0.09)
        value += np.where(depth > 0, lean, 0)
        if cut % 3:
            edges = np.maximum(edges, outline(depth, 0.0025))
    canvas = Noise(random, 100, 2)(x, 0.25 * y) + Noise(random, 100, 2)(0.25 * x, y)
    hatch = 0.02 * np.sin(330 * (x + 0.4 * y)) * np.sin(3 * value * np.pi)
    shade = 0.5 - 0.5 * np.cos(1.25 * np.pi * value) + hatch
    pixels = ramp(PALETTE, shade) * (1 + 0.06 * canvas)[..., None]
    return finish(over(pixels, INK, 0.75 * edges), "facets")


def _cut(x: Array, y: Array, cut: int, random: np.random.Generator) -> Array:
    """Return how far points are behind a line or inside a circle, in sides of the picture."""
    px, py = random.uniform(0.05, 0.95, 2).tolist()
    if cut % 4 == 0:
        return np.asarray(random.uniform(0.08, 0.3) - np.hypot(x - px, y - py))
    turn = random.choice([0.25, 0.75, 1.2, 1.75, 2.3]) + random.normal(0, 0.12)
    return turned(x - px, y - py, turn)[0]
