"""Watercolor flowers, wet in wet: petals that dry with dark rims on rough paper."""

import numpy as np
from tools.gallery.canvas import Array, colors, finish, grid, toward, turned
from tools.gallery.noise import Noise
from tools.gallery.places import scattered

from impasto.images import Picture

PAPER, HEART = colors("fbf7ec", "5a2a4a")
PETALS = colors("e0486e", "f0803c", "8a4fb0", "f2b233", "d8305a", "5a6fd0", "ef6f86")
LEAVES = colors("4f9a6a", "2f7f86", "8fb04a", "3a6a9a")
WASHES = colors("9fd3dc", "f6d9a8", "c3dcb0", "d9c6e6")


class _Paper:
    """Paper with paint on it: what light it lets through, and the noise that paint follows."""

    def __init__(self, size: int, random: np.random.Generator) -> None:
        self.x, self.y = grid(size)
        self.pixels = np.broadcast_to(PAPER / 255, (size, size, 3)).copy()
        self.random = random
        self.edge = Noise(random, 7, 2.6)(self.x, self.y)
        self.pool = Noise(random, 11, 3)(self.x, self.y)
        self.grain = Noise(random, 110, 2)(self.x, self.y)

    def blot(self, center: Array, radii: Array, turn: float, color: Array, depth: float) -> None:
        """Let an ellipse of paint dry.

        Args:
            center: (x, y) in the unit square.
            radii: Along the ellipse and across it.
            turn: Its angle in radians.
            color: sRGB in 0..255.
            depth: How much pigment there is, 1 covers well.
        """
        size, reach = len(self.x), 1.6 * radii.max()
        left, top = np.clip((center - reach) * size, 0, size).astype(int)
        right, bottom = np.clip((center + reach) * size + 1, 0, size).astype(int)
        part = np.s_[top:bottom, left:right]
        dx, dy = self.x[part] - center[0], self.y[part] - center[1]
        along, across = turned(dx, dy, turn)
        along, across = along / radii[0], across / radii[1]
        inward = (1 - np.hypot(along, across) + 0.17 * self.edge[part]) * radii.min()
        pigment = 0.5 + 0.75 * np.exp(-np.abs(inward) / 0.005) + 0.16 * self.pool[part]
        pigment += 0.3 * along + 0.07 * self.grain[part]
        cover = np.clip(inward * 250, 0, 1) * np.clip(pigment, 0.06, 1.6) * depth
        self.pixels[part] *= np.exp(cover[..., None] * np.log(color / 255 + 0.02))


def watercolor(size: int, seed: int = 0) -> Picture:
    """Paint washes, leaves, flowers and splashes, each over what has dried.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the flowers and how the paint runs.
    """
    random = np.random.default_rng(seed)
    paper = _Paper(size, random)
    for _ in range(16):
        _spot(paper, WASHES, (0.12, 0.3), 0.6)
    for _ in range(38):
        center, turn = random.uniform(-0.02, 1.02, 2), random.uniform(0, 2 * np.pi)
        radii = random.uniform(0.06, 0.13) * np.array([1, random.uniform(0.25, 0.4)])
        paper.blot(center, radii, turn, random.choice(LEAVES), random.uniform(0.5, 0.9))
    for x, y, radius in scattered(random, np.linspace(0.17, 0.045, 160), 0.8):
        _flower(paper, np.array((x, y)), radius)
    for _ in range(150):
        _spot(paper, np.concatenate([PETALS, LEAVES]), (0.003, 0.009), 0.8)
    relief = 1 + 0.03 * np.clip(paper.grain, -2.5, 2.5)
    return finish(paper.pixels * relief[..., None] * 255, "watercolor")


def _spot(paper: _Paper, palette: Array, radii: tuple[float, float], depth: float) -> None:
    """Let a round spot dry anywhere."""
    radius = np.full(2, paper.random.uniform(*radii))
    paper.blot(paper.random.uniform(0, 1, 2), radius, 0, paper.random.choice(palette), depth)


def _flower(paper: _Paper, center: Array, radius: float) -> None:
    """Paint petals around a dark heart."""
    random = paper.random
    color, count = random.choice(PETALS), random.integers(5, 9)
    for turn in random.uniform(0, 1) + np.arange(count) * 2 * np.pi / count:
        radii = radius * np.array([0.48, random.uniform(0.26, 0.36)])
        tint = color + random.normal(0, 14, 3)
        paper.blot(center + 0.52 * radius * toward(turn), radii, turn, np.clip(tint, 0, 255), 0.75)
    paper.blot(center, np.full(2, 0.2 * radius), 0, HEART, 0.9)
