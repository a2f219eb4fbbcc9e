"""Fans of an art deco ballroom: rows of scales with ribs, arcs and eyes, edged in gold."""

import numpy as np
from tools.gallery.canvas import Array, colors, filled, finish, grid, over, ramp, smooth
from tools.gallery.noise import Noise

from impasto.images import Picture

ENAMEL = colors("0d1b2a", "0f4c4f", "1f7a74", "e9dcc0", "c9574a", "16324f")
GOLD = colors("6a4218", "b98232", "e9c46a", "fff0b8")
#: Fans from side to side; a row is a quarter of a fan's width high.
ACROSS = 6


def fans(size: int, seed: int = 0) -> Picture:
    """Lay fans in rows, each over those behind it.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the fans' enamel, their motifs and the gold.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    row, column, radius, angle = _nearest_fan(x + random.random() / ACROSS, y)
    kinds, inks = random.integers(0, 3, (40, 20)), random.permutation(len(ENAMEL))
    kind = kinds[row, column]
    hue = inks[(row + 2 * kind) % len(inks)]
    other = inks[(row + 2 * kind + 1 + column % 2) % len(inks)]
    gold = _motif(radius, angle, kind)
    shade = 0.62 + 0.5 * radius + 0.05 * Noise(random, 30, 2)(x, y)
    band = smooth(-0.6, 0.6, np.sin(9.5 * radius + kind))
    pixels = over(ENAMEL[hue], ENAMEL[other], 0.8 * band) * shade[..., None]
    foil = 0.5 + 0.2 * Noise(random, 7, 2.2)(x, y) + 0.25 * np.sin(3 * angle + 6 * x)
    pixels = over(pixels, 0, 0.6 * smooth(0.9, 1.0, radius))
    return finish(over(pixels, ramp(GOLD, foil), gold), "fans")


def _nearest_fan(x: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    """Return row and column of the fan in front, distance from its center (edge: 1), angle."""
    high = 0.25 / ACROSS
    lowest = np.floor(y / high).astype(int) + 2
    row, column = np.zeros_like(lowest), np.zeros_like(lowest)
    across, down = np.full_like(x, 9), np.full_like(x, 9)
    for behind in range(5):
        at = lowest - behind
        shift = 0.5 * (at % 2)
        nearest = np.round(ACROSS * x - shift)
        dx, dy = ACROSS * x - shift - nearest, (at * high - y) * ACROSS
        hit = (np.hypot(across, down) > 0.5) & (np.hypot(dx, dy) <= 0.5)
        row, column = np.where(hit, at, row), np.where(hit, nearest.astype(int), column)
        across, down = np.where(hit, dx, across), np.where(hit, dy, down)
    return row, column, 2 * np.hypot(across, down), np.arctan2(across, down)


def _motif(radius: Array, angle: Array, kind: Array) -> Array:
    """Return where a fan's gold lines are: ribs, arcs, or ribs around an eye."""
    ribs = np.abs(((angle * 8 / np.pi) % 1) - 0.5) * np.pi / 8 * radius
    arcs = np.abs(((radius * 6) % 1) - 0.5) / 6
    eye = np.minimum(np.abs(radius - 0.42), np.abs(radius - 0.2))
    distance = np.choose(kind, [ribs, arcs, np.where(radius > 0.42, ribs, eye)])
    distance = np.minimum(distance - 0.016, 0.94 - radius)
    distance = np.where(radius < 0.09, -1, distance)
    return filled(-distance / (2 * ACROSS))
