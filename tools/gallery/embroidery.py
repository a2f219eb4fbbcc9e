"""Embroidered blossoms: wheels of satin stitch in madder, saffron and indigo on dark linen."""

import numpy as np
from tools.gallery.canvas import Array, Brush, colors, finish, grid, toward
from tools.gallery.noise import Noise
from tools.gallery.places import scattered

from impasto.images import Picture

LINEN, QUILT = colors("1c2744", "3f5f8f")
THREADS = colors(
    "b8243a", "e2574a", "f2a53a", "f6dc9a", "f7efe0", "2f8f8a", "5a9f4a", "7a3a8a", "e88aa0"
)
LEAF, PALE = colors("4f9a5a", "a8c46a")
#: Blossoms that are tried, large ones first.
RADII, COUNTS = (0.17, 0.12, 0.085, 0.05, 0.03), (6, 40, 120, 300, 500)


def embroidery(size: int, seed: int = 0) -> Picture:
    """Quilt the ground, then stitch leaves, then blossoms over them.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the blossoms and their threads.
    """
    random = np.random.default_rng(seed)
    brush = Brush(size, LINEN)
    _ground(brush, random)
    blossoms = scattered(random, np.repeat(RADII, COUNTS), 1.12)
    for x, y, radius in blossoms:
        for turn in random.uniform(0, 2 * np.pi) + np.arange(9) * 2 * np.pi / 9:
            _leaf(brush, (x, y) + 1.02 * radius * toward(turn), turn, 0.055, random)
    for x, y, radius in blossoms:
        _blossom(brush, np.array((x, y)), radius, random)
    at_x, at_y = grid(size)
    weave = np.sin(2 * np.pi * 120 * at_x) * np.sin(2 * np.pi * 120 * at_y)
    light = 1 + 0.05 * weave + 0.05 * Noise(random, 50, 2)(at_x, at_y)
    return finish(brush.pixels() * light[..., None], "embroidery")


def _ground(brush: Brush, random: np.random.Generator) -> None:
    """Quilt the linen with small stitches that ripple around."""
    ripple = Noise(random, 3, 5)
    places = random.uniform(0, 1, (3500, 2))
    reach = 0.007 * toward(1.6 * ripple(*places.T))
    shades = QUILT * random.uniform(0.75, 1.35, (len(places), 1))
    brush.lines(np.stack([places - reach, places + reach], 1), shades, 0.0032)


def _blossom(brush: Brush, center: Array, radius: float, random: np.random.Generator) -> None:
    """Stitch rings of petals, the outer ones first."""
    petals = int(random.integers(6, 12))
    rings = max(2, round(radius / 0.028))
    threads = random.permutation(THREADS)
    slant = random.uniform(-0.08, 0.08)
    for ring in range(rings):
        outer, inner = radius * (1 - ring / rings), radius * max(0, 1 - (ring + 1.15) / rings)
        count = max(8, round(2 * np.pi * outer / 0.0042))
        angle = 2 * np.pi * np.arange(count) / count
        scallop = 1 - (0.03 if ring % 2 else 0.1) * np.abs(np.cos(petals * angle / 2))
        striped = (angle * petals / np.pi).astype(int) % 2 * (ring % 3 == 1)
        color = threads[(ring + 3 * striped) % len(threads)]
        roots = center + inner * toward(angle + slant)
        tips = center + outer * scallop[:, None] * toward(angle)
        _stitch(brush, roots, tips, color, random)


def _leaf(
    brush: Brush, root: Array, turn: float, length: float, random: np.random.Generator
) -> None:
    """Stitch a leaf to both sides of its midrib."""
    along = np.linspace(0.08, 1, 13)[:, None]
    midrib = root + along * length * toward(turn)
    reach = 0.34 * length * np.sin(np.pi * along**0.7) + 0.002
    for side, color in ((-0.9, PALE), (0.9, LEAF)):
        tips = midrib + reach * toward(turn + side)
        _stitch(brush, midrib, tips, np.tile(color, (len(tips), 1)), random)


def _stitch(
    brush: Brush, roots: Array, tips: Array, color: Array, random: np.random.Generator
) -> None:
    """Draw threads, (N, 2) to (N, 2), that shine in their middles."""
    tint = color * random.normal(0.9, 0.09, (len(color), 1))
    threads = np.stack([roots, tips], 1) + random.normal(0, 0.0009, (len(color), 2, 2))
    start, reach = threads[:, :1], threads[:, 1:] - threads[:, :1]
    brush.lines(threads, 0.8 * tint, 0.0046)
    brush.lines(start + np.array([[0.22], [0.7]]) * reach, 1.22 * tint + 14, 0.0024)
