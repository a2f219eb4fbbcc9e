"""A survey map: tinted heights with contour lines and shaded relief, and a sea with its depths."""

import numpy as np
from tools.gallery.canvas import colors, finish, grid, lines, over, ramp, smooth
from tools.gallery.noise import Noise

from impasto.images import Picture

LAND = colors("9cc08a", "c9d39a", "f0e2b0", "ecc488", "d99a62", "b8694c", "8f4a48", "f3ece2")
SEA = colors("1d4f7c", "2f78a0", "5aa6bd", "9fd0d2", "d2ebe2")
CONTOUR, DEPTH, ROAD, WOOD = colors("6e3b22", "14456b", "b3242e", "2f6a48")


def contour_map(size: int, seed: int = 0) -> Picture:
    """Survey an island country.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of its heights.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    bend = Noise(random, 5, 3)
    u, v = x + 0.018 * bend(x, y), y + 0.018 * bend(x + 0.4, y + 0.6)
    height = Noise(random, 3.2, 4)(u, v) + 0.35 + 0.025 * Noise(random, 24, 4)(u, v)
    land = smooth(-0.004, 0.004, height)
    pixels = over(ramp(SEA, 1 + height / 1.7), ramp(LAND, height / 2.3), land)
    down, across = np.gradient(height * size)
    relief = np.clip(1 - 0.035 * (across + down), 0.68, 1.25)
    pixels = pixels * (1 + land * (relief - 1))[..., None]
    line = np.maximum(0.7 * lines(8 * height, 0.0013), lines(2 * height, 0.003))
    pixels = over(pixels, CONTOUR, line * land)
    pixels = over(pixels, DEPTH, 0.8 * line * (1 - land))
    woods = (np.sin(190 * x + 3 * y) * np.sin(190 * y) > 0.55) * smooth(0.9, 1.3, bend(y, x))
    pixels = over(pixels, WOOD, woods * land)
    route = lines(0.5 * Noise(random, 2.5, 6)(u, v), 0.0052)
    pixels = over(pixels, ROAD, route * land)
    return finish(pixels + 2.5 * Noise(random, 120, 2)(x, y)[..., None], "contour_map")
