"""A rose window: an iron frame of rings, spokes and roundels, filled with leaded panes."""

import numpy as np
from tools.gallery.canvas import Array, colors, filled, finish, grid, over, smooth
from tools.gallery.cells import voronoi
from tools.gallery.noise import Noise

from impasto.images import Picture

RUBY, COBALT, SKY, GOLD, EMERALD, PEARL, PLUM, NIGHT = range(8)
GLASS = colors("b80f2a", "1338a8", "4a97dc", "f4b42a", "1c8c5c", "f6e9c6", "6f2a80", "0c1f6e")
LEAD = colors("100d12")[0]
#: Glass of a ring's roundels, of its odd and of its even spaces between them.
SCHEMES = np.array(
    [
        (GOLD, RUBY, RUBY),
        (RUBY, COBALT, NIGHT),
        (PEARL, SKY, COBALT),
        (EMERALD, GOLD, RUBY),
        (SKY, NIGHT, COBALT),
        (GOLD, COBALT, PLUM),
        (RUBY, PEARL, GOLD),
    ]
)
WIDTHS = np.array([0.13, 0.05, 0.17, 0.06, 0.15, 0.05, 0.19])


def stained_glass(size: int, seed: int = 0) -> Picture:
    """Lead panes of glass into a rose.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the rose's place, its rings and the panes.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    glass, frame = _rose(x, y, random)
    centers = _centers(random)
    nearest, first, second = voronoi(centers, size, 0.07)
    inside = (second - first) / 2
    odd = random.choice([-1, SKY, GOLD, RUBY, NIGHT], len(centers), p=[0.84, *4 * [0.04]])[nearest]
    glass = np.where(odd < 0, glass, odd)
    streaks = Noise(random, 9, 2.5)(x + 0.3 * y, 3 * y - x)
    light = random.uniform(0.85, 1.4, len(centers))[nearest] + 0.12 * streaks
    light += 0.4 * np.exp(-((first / 0.016) ** 2))
    light *= 0.68 + 0.32 * smooth(0.001, 0.014, np.minimum(inside, frame - 0.004))
    lead = np.minimum(inside - 0.0016, frame - 0.0048)
    pixels = over(LEAD, GLASS[glass] * light[..., None], filled(lead))
    pixels += 34 * (smooth(0.0035, 0, frame) * (0.7 + 0.3 * streaks))[..., None]
    return finish(pixels, "stained_glass")


def _rose(x: Array, y: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """Return which glass each pixel is of and how far it is from the frame, (H, W) each."""
    cx, cy = random.uniform(0.36, 0.64, 2).tolist()
    schemes, turn = random.permutation(SCHEMES), random.uniform(0, 2 * np.pi)
    widths = np.tile(np.roll(WIDTHS, random.integers(7)), 2)
    borders = np.cumsum(widths)
    radius, angle = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx) + turn
    ring = np.searchsorted(borders, radius)
    counts = np.maximum(4, np.round(np.pi * (borders - widths / 2) / np.maximum(widths, 0.1)) * 2)
    width, sectors = widths[ring], counts[ring]
    middle = borders[ring] - width / 2
    sector = angle * sectors / (2 * np.pi)
    along = (sector - np.floor(sector) - 0.5) * (2 * np.pi / sectors) * radius
    spoke = (np.pi / sectors) * radius - np.abs(along)
    roundel = np.hypot(radius - middle, along) - 0.4 * width
    kind = np.where(roundel < 0, 0, 1 + np.floor(sector).astype(int) % 2)
    border = width / 2 - np.abs(radius - middle)
    frame = np.minimum(np.minimum(border, spoke), np.abs(roundel))
    return schemes[ring % len(schemes), kind], frame


def _centers(random: np.random.Generator, across: int = 27) -> Array:
    """Return (N, 2) centers of panes, evenly spread but in no order."""
    cells = np.stack(np.meshgrid(*2 * [np.arange(-1, across + 1)]), -1).reshape(-1, 2)
    return np.asarray((cells + random.uniform(0.05, 0.95, cells.shape)) / across)
