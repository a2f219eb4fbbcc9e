"""A forest floor in autumn: leaves of all sizes with their veins, one over the other."""

import numpy as np
from tools.gallery.canvas import Array, Brush, colors, finish, grid, ramp, toward
from tools.gallery.noise import Noise

from impasto.images import Picture

FLOOR = colors("1f1a4a")[0]
TINTS = colors(
    "4a1a4a", "8f1f3a", "c8352a", "e8702a", "f2a83a", "f8dc7a", "c8c87a", "5f8f7f", "4a5a8f"
)


def leaves(size: int, seed: int = 0) -> Picture:
    """Let leaves fall, dark ones first.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the leaves.
    """
    random = np.random.default_rng(seed)
    brush = Brush(size, FLOOR)
    for layer, count in enumerate((130, 180, 220, 170)):
        for _ in range(count):
            length = random.choice([0.07, 0.11, 0.16, 0.24], p=[0.35, 0.35, 0.2, 0.1])
            _leaf(brush, random.uniform(-0.03, 1.03, 2), length, 0.5 + 0.17 * layer, random)
    x, y = grid(size)
    light = 1 + 0.07 * Noise(random, 5, 4)(x, y) + 0.04 * Noise(random, 110, 2)(x, y)
    return finish(brush.pixels() * light[..., None], "leaves")


def _leaf(
    brush: Brush, place: Array, length: float, light: float, random: np.random.Generator
) -> None:
    """Draw a leaf: a shadow, two halves of unlike light, veins."""
    turn, curl = random.uniform(0, 2 * np.pi), random.normal(0, 0.25)
    teeth, belly = random.integers(5, 9), random.uniform(0.2, 0.42)
    along, across = toward(turn), toward(turn + np.pi / 2)

    def at(u: Array, v: Array) -> Array:
        bent = v + curl * u * (1 - u)
        return np.asarray(place + length * (np.outer(u, along) + np.outer(bent, across)))

    u = np.linspace(0, 1, 25)
    width = belly * np.sin(np.pi * u**0.8) * (1 + 0.13 * np.abs(np.sin(np.pi * teeth * u)))
    color = ramp(TINTS, np.array(random.beta(2, 2))) * light
    outline = np.concatenate([at(u, width), at(u[::-1], -width[::-1])])
    brush.polygon(outline + 0.07 * length, FLOOR * 0.8)
    brush.polygon(outline, color)
    brush.polygon(np.concatenate([at(u, width), at(u[::-1], 0 * u)]), color * 0.8)
    vein = np.minimum(color * 1.3 + 22, 255)
    roots = np.linspace(0.12, 0.78, 7)
    tips = roots + 0.16
    half = 0.8 * belly * np.sin(np.pi * tips**0.8)
    # From one side over the midrib to the other.
    veins = np.stack([at(tips, -half), at(roots, 0 * half), at(tips, half)], 1)
    brush.lines(veins, np.tile(vein, (7, 1)), 0.011 * length)
    brush.line(at(np.linspace(-0.18, 0.97, 9), np.zeros(9)), vein, 0.022 * length)
