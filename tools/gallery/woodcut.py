"""A woodcut of hills under a great sun: gouged lines, black ink over flat colors."""

import numpy as np
from tools.gallery.canvas import Array, colors, crisp, finish, grid, over, smooth
from tools.gallery.noise import Noise

from impasto.images import Picture

PAPER, INK, SUN, GLOW = colors("f1e3c4", "1b1a20", "cf3f24", "eda741")
HILLS = colors("8fb0a6", "d8a24a", "5f8f86", "c7602e", "3f6f6c", "a8402c")


def woodcut(size: int, seed: int = 0) -> Picture:
    """Cut hills and the rays of a sun.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the landscape.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    wobble, gouge = Noise(random, 5, 4)(x, y), Noise(random, 40, 3)(x, y)
    ridges = Noise(random, 3, 3)
    pixels, ink = _sky(x, y, wobble, gouge, random)
    for hill, color in enumerate(HILLS):
        top = 0.36 + 0.105 * hill + 0.035 * ridges(x[:1], np.full_like(x[:1], hill / 7))
        depth = y - top + 0.003 * gouge
        lean = float(random.choice([-65, -45, 45, 65]))
        phase = (95 - 6 * hill) * depth + (hill % 2) * lean * x + 0.7 * wobble
        tone = 0.12 + 3.4 * np.clip(depth, 0, 0.2) + 0.1 * wobble + 0.07 * gouge
        cut = np.maximum(crisp(tone - _teeth(phase)), crisp(0.005 - np.abs(depth)))
        inside = crisp(depth)
        pixels = over(pixels, color, inside)
        ink += inside * (cut - ink)
    pixels = over(pixels + 5 * gouge[..., None], INK, ink * (0.97 - 0.3 * smooth(1.2, 2.4, gouge)))
    return finish(pixels, "woodcut")


def _sky(
    x: Array, y: Array, wobble: Array, gouge: Array, random: np.random.Generator
) -> tuple[Array, Array]:
    """Return the sky's pixels and where ink is on them."""
    cx, cy = random.uniform(0.25, 0.75), random.uniform(0.16, 0.26)
    radius = np.hypot(x - cx, y - cy) + 0.002 * gouge
    angle = np.arctan2(y - cy, x - cx) / (2 * np.pi)
    glow = smooth(0.5, 0.13, radius + 0.02 * wobble)
    pixels = over(np.broadcast_to(PAPER, (*x.shape, 3)), GLOW, 0.9 * glow)
    disc = crisp(0.125 - radius)
    pixels = over(pixels, SUN, disc)
    rays = _teeth(72 * angle + 0.15 * wobble)
    rings = _teeth(58 * radius + 0.5 * wobble)
    tone = 0.05 + 0.75 * smooth(0.12, 0.75, radius) + 0.08 * gouge
    outside = np.maximum(crisp(tone - rays), crisp(tone - 0.28 - rings))
    inside = crisp(0.25 + 0.06 * gouge - _teeth(60 * (y - cy) + 0.4 * wobble) - 4 * (cy - y))
    ring = crisp(0.006 - np.abs(radius - 0.128))
    return pixels, np.maximum(outside * (1 - disc) + inside * disc, ring)


def _teeth(phase: Array) -> Array:
    """Return how far phases are from the nearest whole number, in [0, 1]."""
    return np.asarray(2 * np.abs(phase - np.round(phase)))
