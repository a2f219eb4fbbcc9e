"""Sheets of colored paper, cut and stacked, each one throwing a shadow on those below."""

import numpy as np
from PIL import Image, ImageFilter
from tools.gallery.canvas import Array, colors, crisp, finish, grid, over, ramp, turned
from tools.gallery.noise import Noise

from impasto.images import Picture

SHEETS = colors("10123a", "2a2f8f", "6a3fb0", "c83a8f", "f2586a", "fb9a52", "fdd36a", "fff3d6")
#: How many sheets there are, with the ground.
COUNT = 12


def paper_cut(size: int, seed: int = 0) -> Picture:
    """Stack sheets with waving edges and rows of slits.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the edges.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    hill, fiber = Noise(random, 3.2, 5), Noise(random, 120, 2)(x, y)
    height = hill(x, y) * 2.3 + 0.16 * Noise(random, 14, 5)(x, y)
    pixels = np.broadcast_to(SHEETS[0], (size, size, 3))
    for sheet in range(1, COUNT):
        above = height * 1.15 + COUNT / 2 - sheet
        cover = crisp(above) * (1 - _slits(above, x, y, sheet))
        shadow = _shadow(cover, 0.007)
        color = ramp(SHEETS, np.array(sheet / (COUNT - 1)))
        pixels = pixels * (1 - 0.75 * shadow[..., None])
        paper = color * (1 + 0.025 * fiber + 0.05 * np.clip(above, 0, 1))[..., None]
        pixels = over(pixels, paper, cover)
    return finish(pixels, "paper_cut")


def _slits(above: Array, x: Array, y: Array, sheet: int) -> Array:
    """Return small openings in a row along the sheet's edge, (H, W) in [0, 1]."""
    u, v = turned(x, y, 0.7 * sheet)
    a, b = np.cos(2 * np.pi * 25 * u), np.cos(2 * np.pi * 25 * v)
    if sheet % 2:
        return crisp(a + b - 0.55) * crisp(0.33 - np.abs(above - 0.5))
    return crisp(a * b + 0.12) * crisp(0.16 - np.abs(above - 0.45))


def _shadow(cover: Array, length: float) -> Array:
    """Return the shadow that a sheet throws to the lower right, blurred."""
    shift = max(1, round(length * len(cover)))
    moved = np.pad(cover, ((shift, 0), (shift, 0)), mode="edge")[:-shift, :-shift]
    image = Image.fromarray((moved * 255).astype(np.uint8))
    soft = image.filter(ImageFilter.GaussianBlur(0.9 * length * len(cover)))
    return np.asarray(soft, np.float32) / 255
