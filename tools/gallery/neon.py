"""Neon tubes at night: cyan, magenta and amber curves, and the brick wall that they light."""

import numpy as np
from tools.gallery.canvas import Array, colors, finish, grid, slope
from tools.gallery.noise import Noise

from impasto.images import Picture

TUBES = colors("22e0ff", "ff2f9a", "ffb02e", "7a4bff")
BRICK, MORTAR = colors("8f5a7a", "2a1c3a")
COURSES = 22


def neon(size: int, seed: int = 0) -> Picture:
    """Bend tubes and let them light a wall.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the tubes and the bricks.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    wall = _wall(x, y, random)
    light = np.full((size, size, 3), 30.0, np.float32)
    glass = np.zeros((size, size, 3), np.float32)
    for tube, spread in zip(TUBES, (0.7, 0.7, 0.5, 0.5), strict=True):
        field = spread * Noise(random, 2.4, 7)(x, y) + random.random()
        distance = np.abs(field - np.round(field)) / slope(field) / size
        glow = 0.85 * np.exp(-distance / 0.045) + 0.5 * np.exp(-distance / 0.012)
        light += tube * glow[..., None]
        core = np.exp(-((distance / 0.0036) ** 4))
        halo = 0.5 * np.exp(-distance / 0.008)
        glass += core[..., None] * (0.5 * tube + 0.5 * 255) + halo[..., None] * tube
    return finish(wall * light / 255 + glass, "neon")


def _wall(x: Array, y: Array, random: np.random.Generator) -> Array:
    """Return the bricks by daylight, (H, W, 3)."""
    rough = Noise(random, 60, 2)(x, y)
    course = np.floor(COURSES * y)
    u = COURSES / 2.6 * x + 0.5 * (course % 2) + 0.01 * rough
    v = COURSES * y + 0.02 * rough
    joint = np.minimum(np.abs(v - np.round(v)), 2.6 * np.abs(u - np.round(u)))
    brick = random.uniform(0.65, 1.25, (COURSES + 1, COURSES))
    shade = brick[course.astype(int), np.floor(u).astype(int) % COURSES] + 0.11 * rough
    cover = np.clip((joint - 0.06) * 14, 0, 1)[..., None]
    return np.asarray(MORTAR + cover * (BRICK * shade[..., None] - MORTAR))
