"""Mountains in azurite and malachite on old silk: ink contours, washes and mist between."""

import numpy as np
from tools.gallery.canvas import Array, colors, crisp, finish, grid, lines, over, ramp, smooth
from tools.gallery.noise import Noise

from impasto.images import Picture

SILK = colors("cf9f5a", "e8c88c", "faeecb")
STONE = colors("123f6a", "2a6f9a", "3f9f8a", "8fbf7a", "d8b468", "b87a42")
INK, SEAL = colors("1c1a22", "b8322a")


def mountains(size: int, seed: int = 0) -> Picture:
    """Paint ranges, the far ones first.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the ranges.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    ridge, rock, fiber = Noise(random, 3.5, 2.6), Noise(random, 12, 2.6), Noise(random, 120, 2)
    mist = ramp(SILK, 0.6 + 0.2 * Noise(random, 2.5, 3)(x, y))
    sun = np.hypot(x - random.uniform(0.2, 0.8), y - random.uniform(0.08, 0.15))
    pixels = over(mist, SEAL, 0.85 * crisp(0.05 - sun))
    for near in np.linspace(0, 1, 6).tolist():
        # Nothing of a range is above these rows.
        rows = slice(int((0.04 + 0.62 * near) * size), size)
        part = pixels[rows], x[rows], y[rows], mist[rows]
        pixels[rows] = _range(*part, near, ridge, rock)
    weave = 0.03 * (fiber(x, 0.15 * y) + fiber(0.15 * x, y))
    return finish(pixels * (1 + weave)[..., None], "mountains")


def _range(
    pixels: Array, x: Array, y: Array, mist: Array, near: float, ridge: Noise, rock: Noise
) -> Array:
    """Return the pixels with a range of mountains before them, `near` from 0 to 1."""
    across = x[:1]
    # Each range takes its shape from places of its own in the noise.
    row = np.full_like(across, 3.7 * near)
    top = 0.2 + 0.7 * near + 0.05 * np.clip(ridge(across, row), -2, 2)
    top = np.maximum(top - 0.04 * np.abs(ridge(across, row + 0.5)), 0.05 + 0.62 * near)
    depth = y - top
    folds = ridge(x + 0.3 * depth, 0.35 * y + 5.3 * near) + 0.5 * rock(1.6 * x, 0.45 * y)
    stone = ramp(STONE, 0.1 + 2.4 * depth + 0.12 * folds)
    stone = stone * (1 + 0.16 * np.clip(folds, -2, 2))[..., None]
    broken = smooth(-0.8, 0.5, rock(x, y)) * smooth(0.24, 0.04, depth)
    strokes = lines(2.2 * folds + 14 * depth, 0.0016 + 0.0016 * near)
    trees = crisp(0.01 + 0.012 * near + 0.006 * rock(3 * x, 3 * y) - np.abs(depth - 0.004))
    trees *= smooth(0.0, 0.4, rock(4 * across, row))
    contour = crisp(0.0026 - np.abs(depth))
    ink = np.maximum(np.maximum(0.85 * trees, 0.9 * contour), (0.5 + 0.4 * near) * strokes * broken)
    fade = smooth(0.24, 0.08, depth + 0.02 * folds) * (0.65 + 0.35 * near)
    inside = crisp(depth)
    pixels = over(pixels, mist, inside * (1 - 0.15 * near))
    return over(pixels, over(stone, INK, ink), inside * fade)
