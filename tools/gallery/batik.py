"""A batik cloth: slanting bands of wax-drawn motifs in indigo and brown, with crackle."""

from collections.abc import Callable

import numpy as np
from tools.gallery.canvas import (
    Array,
    colors,
    crisp,
    filled,
    finish,
    grid,
    lines,
    over,
    smooth,
    turned,
)
from tools.gallery.noise import Noise

from impasto.images import Picture

CREAM, INDIGO, SOGA, NIGHT, RUST = colors("f2e2bf", "1d2f63", "8a4a22", "131a35", "b8642c")


def batik(size: int, seed: int = 0) -> Picture:
    """Wax and dye a cloth.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the bands' order and slant, and of the crackle.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    hand = Noise(random, 14, 4)
    turn = random.choice([-1, 1]) * random.uniform(0.55, 0.95)
    u, v = turned(x + 0.0022 * hand(x, y), y + 0.0022 * hand(x + 0.5, y), turn)
    pixels = _bands(u, v + random.random(), random)
    dye = 1 + 0.09 * Noise(random, 4, 3)(x, y) + 0.05 * Noise(random, 130, 2)(x, y)
    crackle = Noise(random, 9, 2.6)
    veins = np.maximum(lines(crackle(x, y), 0.002), lines(crackle(y, x + 0.3), 0.0015))
    faint = smooth(-0.9, 0.6, Noise(random, 5, 3)(x, y))
    return finish(over(pixels * dye[..., None], INDIGO, 0.85 * veins * faint), "batik")


def _bands(u: Array, v: Array, random: np.random.Generator) -> Array:
    """Return bands of motifs that run along u and follow each other along v, (H, W, 3)."""
    motifs = [MOTIFS[i] for i in random.permutation(len(MOTIFS))]
    row = [band for motif in motifs for band in (motif, (_dots, 0.035))]
    ends = np.cumsum([width for _, width in row]).tolist()
    place = v % ends[-1]
    pixels, border = np.zeros((*u.shape, 3), np.float32), np.zeros_like(u)
    for (draw, width), end in zip(row, ends, strict=True):
        across = (place - end) / width + 0.5
        inside = np.abs(across) <= 0.5
        pixels[inside] = draw(u / width, across)[inside]
        border[inside] = (0.5 - np.abs(across[inside])) * width
    return over(pixels, CREAM, filled(0.0018 - border))


def _kawung(u: Array, v: Array) -> Array:
    """Return four-petaled fruit, (H, W, 3), for u along the band and v across it, in widths."""
    a, b = (u % 1) - 0.5, v
    diagonal, other = (a + b) / np.sqrt(2), (a - b) / np.sqrt(2)
    pixels = _flat(INDIGO, u)
    for length, width, color in ((0.275, 0.18, CREAM), (0.24, 0.145, SOGA), (0.13, 0.03, CREAM)):
        for p, q in ((diagonal, other), (other, diagonal)):
            petal = 1 - np.hypot((np.abs(p) - 0.33) / length, q / width)
            pixels = over(pixels, color, crisp(petal))
    heart = np.hypot(a, b)
    return over(over(pixels, CREAM, crisp(0.1 - heart)), RUST, crisp(0.055 - heart))


def _parang(u: Array, v: Array) -> Array:
    """Return slanting blades with scrolls."""
    bend = u * 1.9 + 0.62 * np.sin(np.pi * v) + 0.16 * np.sin(4 * np.pi * v)
    tooth = 2 * np.abs(bend - np.round(bend))
    pixels = over(_flat(SOGA, u), CREAM, crisp(tooth - 0.4))
    pixels = over(pixels, NIGHT, crisp(tooth - 0.56))
    pixels = over(pixels, CREAM, crisp(tooth - 0.86))
    beads = np.cos(2 * np.pi * bend) + np.cos(18 * np.pi * v)
    return over(pixels, CREAM, crisp(beads - 1.5))


def _leaves(u: Array, v: Array) -> Array:
    """Return a vine with leaves on both sides."""
    stem = v - 0.16 * np.sin(2 * np.pi * u)
    side = (2 * u + 0.5 * (v > 0)) % 1 - 0.5
    lean = side - 0.9 * (np.abs(v) - 0.26)
    leaf = 1 - np.hypot(lean / 0.21, (np.abs(v) - 0.26) / 0.19)
    pixels = over(_flat(CREAM, u), INDIGO, crisp(leaf))
    pixels = over(pixels, CREAM, crisp(leaf - 0.2) * crisp(0.3 - np.abs(np.sin(16 * lean))))
    speckle = np.cos(2 * np.pi * 11 * u) + np.cos(2 * np.pi * 11 * v) - 1.45
    pixels = over(pixels, RUST, crisp(speckle) * crisp(-leaf - 0.1))
    return over(pixels, SOGA, crisp(0.035 - np.abs(stem)))


def _dots(u: Array, v: Array) -> Array:
    """Return a row of rings."""
    distance = np.hypot((u % 1) - 0.5, v)
    pixels = over(_flat(NIGHT, u), CREAM, crisp(0.36 - distance))
    return over(pixels, RUST, crisp(0.2 - distance))


def _flat(color: Array, like: Array) -> Array:
    return np.broadcast_to(color, (*like.shape, 3))


#: How a band is drawn from u and v, and its width.
MOTIFS: tuple[tuple[Callable[[Array, Array], Array], float], ...] = (
    (_kawung, 0.15),
    (_parang, 0.11),
    (_leaves, 0.13),
)
