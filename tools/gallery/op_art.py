"""A chessboard that swells into spheres, two colors changing into two others on the way."""

import numpy as np
from tools.gallery.canvas import colors, crisp, finish, grid, ramp, smooth
from tools.gallery.noise import Noise
from tools.gallery.places import scattered

from impasto.images import Picture

DARK = colors("101030", "2a1a6a", "7a1470", "c81e4a", "e8501c")
LIGHT = colors("f6f1e4", "9fe0e6", "38b6d8", "ffd23f", "fff3c4")
SQUARES = 26
#: Spheres that are tried, large ones first.
RADII, COUNTS = (0.27, 0.19, 0.13, 0.085), (1, 3, 8, 24)


def op_art(size: int, seed: int = 0) -> Picture:
    """Swell a chessboard.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of where the spheres are.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    sway = Noise(random, 2, 6)
    u, v = x + 0.014 * sway(x, y), y + 0.014 * sway(x + 0.5, y + 0.5)
    height = np.zeros_like(x)
    for cx, cy, radius in scattered(random, np.repeat(RADII, COUNTS)):
        dx, dy = x - cx, y - cy
        inside = np.clip(1 - (dx**2 + dy**2) / radius**2, 0, 1)
        swell = 0.62 * inside**1.5
        u, v = u - dx * swell, v - dy * swell
        height = height + np.sqrt(inside)
    stripe = np.sin(np.pi * SQUARES * u) * np.sin(np.pi * SQUARES * v)
    field = np.clip(0.1 + 0.17 * sway(x + 0.2, y) + 0.8 * height, 0, 1)
    cover = crisp(stripe)[..., None]
    shade = 1 - 0.35 * smooth(0.5, 0.0, height) * smooth(0.0, 0.2, height)
    pixels = cover * ramp(LIGHT, field) + (1 - cover) * ramp(DARK, field)
    return finish(pixels * shade[..., None], "op_art")
