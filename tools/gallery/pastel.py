"""Soft pastels on dark rough paper: hatched patches of color that let the paper through."""

import numpy as np
from tools.gallery.canvas import colors, finish, grid, over, smooth, turned
from tools.gallery.noise import Noise

from impasto.images import Picture

PAPER = colors("2a1f3a")[0]
DARKS = colors("3a4fa0", "6a3a8f", "1f8a94", "d8487a", "e0384a")
BRIGHTS = colors("f08a4a", "f7c85a", "f2a0b8", "7fc8b8", "f8ecd0")
CHALKS = np.concatenate([DARKS, BRIGHTS])


def pastel(size: int, seed: int = 0) -> Picture:
    """Rub chalks over paper, each in a direction and in patches of its own.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the patches.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    tooth = Noise(random, 105, 2)(x, y)
    strokes, shapes = Noise(random, 26, 2.5), Noise(random, 4.5, 5)
    pixels = np.broadcast_to(PAPER, (size, size, 3)) + 5 * tooth[..., None]
    for chalk in random.permutation(np.repeat(np.arange(len(CHALKS)), 2)):
        u, v = turned(x, y, random.uniform(0.15, 0.5) * np.pi * random.choice([-1, 1]))
        dx, dy = random.uniform(0, 1, 2).tolist()
        ragged = strokes(0.16 * u + dx, 1.3 * v + dy)
        patch = shapes(x + dx, y + dy) + 0.3 * ragged - 1.05
        pressure = 1.1 * np.clip(2.2 * patch, -1, 1) + 0.42 * ragged + 0.5 * tooth
        cover = smooth(-0.15, 0.5, pressure) * smooth(-0.25, 0.1, patch) * 0.94
        shade = 1 + 0.05 * ragged + 0.03 * tooth
        pixels = over(pixels, CHALKS[chalk] * shade[..., None], cover)
    return finish(pixels, "pastel")
