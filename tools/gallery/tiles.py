"""A wall of painted tiles: cobalt flowers and scrolls with yellow hearts under crackled glaze."""

import numpy as np
from tools.gallery.canvas import (
    Array,
    colors,
    crisp,
    filled,
    finish,
    grid,
    lines,
    outline,
    over,
    ramp,
    smooth,
)
from tools.gallery.noise import Noise

from impasto.images import Picture

GLAZE, GROUT = colors("f3f1e6", "8f8a7c")
BLUES = colors("a9c6e2", "5f92cc", "2a5fae", "163a86")
OCHRE, GREEN, LINE = colors("eeb02f", "5f9f7a", "0f2a66")
ACROSS = 4


def tiles(size: int, seed: int = 0) -> Picture:
    """Paint two tiles and lay them in turn.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of what is painted on the tiles.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    hand, wash = Noise(random, 16, 4), Noise(random, 14, 2.5)(x, y)
    u = ACROSS * (x + 0.0014 * hand(x, y)) + 0.5
    v = ACROSS * (y + 0.0014 * hand(x, y + 0.5)) + 0.5
    odd = (np.floor(u) + np.floor(v)).astype(int) % 2 == 1
    a, b = np.abs(u - np.floor(u) - 0.5), np.abs(v - np.floor(v) - 0.5)
    # Folded along the diagonal too, a corner of a tile is all that has to be painted.
    a, b = np.maximum(a, b), np.minimum(a, b)
    painted = [_painted(a, b, wash, random) for _ in range(2)]
    pixels = np.where(odd[..., None], *painted)
    edge = (0.5 - a) / ACROSS
    pixels = pixels * (0.86 + 0.14 * smooth(0, 0.008, edge) + 0.02 * wash)[..., None]
    pixels = over(pixels, GROUT, filled(0.0022 - edge))
    crackle = lines(0.8 * Noise(random, 12, 2.4)(x, y), 0.0011)
    tones = random.normal(1, 0.035, (ACROSS + 2, ACROSS + 2))
    tone = tones[np.floor(u).astype(int), np.floor(v).astype(int)]
    return finish(over(pixels, GROUT, 0.45 * crackle) * tone[..., None], "tiles")


def _painted(a: Array, b: Array, wash: Array, random: np.random.Generator) -> Array:
    """Return a tile's pixels for places in the corner 0 <= b <= a <= 0.5."""
    scroll, flower = Noise(random, 5.5, 5), Noise(random, 4, 5)
    du, dv = random.random(2).tolist()
    leaf = scroll(0.75 * a + du, 0.75 * b + dv) - 0.15
    bud = flower(0.9 * a + dv, 0.9 * b + du) - 0.75
    pixels = np.broadcast_to(GLAZE, (*a.shape, 3))
    pixels = over(pixels, ramp(BLUES, 0.5 * leaf + 0.15 * wash), crisp(leaf))
    pixels = over(pixels, OCHRE + 14 * wash[..., None], crisp(bud))
    pixels = over(pixels, GREEN + 12 * wash[..., None], crisp(-0.9 - leaf))
    veins = 0.8 * lines(4 * leaf, 0.0016) * (leaf > 0.15)
    drawn = np.maximum(np.maximum(outline(leaf, 0.0032), outline(bud, 0.0028)), veins)
    pixels = over(pixels, LINE, drawn)
    star = np.hypot(a, b) + 0.02 * np.cos(8 * np.arctan2(b, a))
    pixels = _rosette(pixels, star, 0.16, wash)
    return _rosette(pixels, np.hypot(0.5 - a, 0.5 - b), 0.13, wash)


def _rosette(pixels: Array, distance: Array, reach: float, wash: Array) -> Array:
    """Return the pixels with an ochre heart in a blue ring, on a free margin of glaze."""
    blue = ramp(BLUES, 1.3 - distance / reach + 0.15 * wash)
    pixels = over(pixels, GLAZE, crisp(reach + 0.03 - distance))
    pixels = over(pixels, blue, crisp(reach - distance))
    pixels = over(pixels, OCHRE, crisp(0.45 * reach - distance))
    return over(pixels, LINE, outline(distance - reach, 0.003))
