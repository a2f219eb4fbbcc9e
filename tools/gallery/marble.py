"""Marbled paper: inks that float on water, drawn out by combs."""

import numpy as np
from tools.gallery.canvas import Array, colors, finish, grid
from tools.gallery.noise import Noise

from impasto.images import Picture

INKS = colors(
    "16233f", "b5302a", "f2dfb6", "1f6f7a", "e8a53c", "f7efdc", "6a1f3a", "4f9aa6", "d9603a"
)


def marble(size: int, seed: int = 0) -> Picture:
    """Comb stripes of ink into feathers and let them drift.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the inks and of the drift.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    drift, stones = Noise(random, 2.2, 5), Noise(random, 13, 4)
    u = x + 0.05 * drift(x, y) + 0.03 * np.sin(2 * np.pi * (2 * y + random.random()))
    v = y + 0.05 * drift(x + 0.5, y + 0.3)
    comb = np.abs(np.sin(np.pi * 11 * u)) ** 0.7
    fine = np.abs(np.sin(np.pi * 44 * u + 2)) ** 0.8
    pulled = 0.9 * v + 0.11 * comb + 0.027 * fine + 0.011 * stones(u, 2 * v)
    table = _stripes(random)
    pixels = table[((pulled % 1) * len(table)).astype(int)]
    glaze = 1 + 0.03 * Noise(random, 100, 2)(x, y) + 0.05 * (comb - 0.6)
    return finish(pixels * glaze[..., None], "marble")


def _stripes(random: np.random.Generator, count: int = 80) -> Array:
    """Return the inks from top to bottom before combing, (2048, 3): thin stripes and broad ones."""
    widths = random.choice([0.25, 0.6, 1.0, 1.8], count)
    inks = random.integers(0, len(INKS), count)
    inks = np.where(inks == np.roll(inks, 1), (inks + 4) % len(INKS), inks)
    ends = np.cumsum(widths) / widths.sum()
    stripe = np.searchsorted(ends, (np.arange(2048) + 0.5) / 2048)
    table = INKS[inks[stripe]] * random.normal(1, 0.05, (count, 1))[stripe]
    # A soft border of a few texels stands in for antialiasing.
    return np.asarray(np.mean([np.roll(table, shift, 0) for shift in range(-2, 3)], 0))
