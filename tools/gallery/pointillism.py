"""A bright evening by the water in dots of pure color, each beside its complement."""

import numpy as np
from tools.gallery.canvas import Array, Brush, colors, finish, ramp, smooth
from tools.gallery.noise import Noise

from impasto.images import Picture

SKY = colors("5a78c8", "9fb4e0", "f2c9c0", "fbd98a", "f7a85a")
WATER = colors("f0b070", "b88ac0", "4f8fc8", "2a5fa8", "1f3f80")
TREES = colors("1f4f4a", "2f7a4a", "6aa83f", "c8c84a", "f0e060")
MEADOW = colors("2f6a3a", "5f9a3a", "a8c04a", "f0d860", "f6a0a0")
SUN = colors("fff2b0", "ffd060", "f88a4a")


def pointillism(size: int, seed: int = 0) -> Picture:
    """Set dots, broad ones first.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the landscape and the dots.
    """
    random = np.random.default_rng(seed)
    scene = _Scene(random)
    brush = Brush(size, colors("d8c8b0")[0])
    for count, radius in ((2600, 0.014), (5000, 0.0095), (6500, 0.0066)):
        x, y = random.uniform(-0.01, 1.01, (2, count))
        tints = _divided(scene(x, y), random)
        radii = radius * random.uniform(0.75, 1.2, count)
        for at, r, tint in zip(np.stack([x, y], -1), radii, tints, strict=True):
            brush.dot(at, r, tint)
    return finish(brush.pixels(), "pointillism")


class _Scene:
    """Colors of sky, sun, trees, water and meadow at points of the unit square."""

    def __init__(self, random: np.random.Generator) -> None:
        self.sun = np.array((random.uniform(0.2, 0.8), random.uniform(0.16, 0.3)))
        self.horizon = random.uniform(0.4, 0.48)
        self.bank = random.uniform(0.68, 0.76)
        self.tilt = random.uniform(-0.16, 0.16)
        self.light, self.shapes = Noise(random, 6, 4), Noise(random, 5, 3)

    def __call__(self, x: Array, y: Array) -> Array:
        """Return (N, 3) sRGB in 0..255."""
        light, shapes = self.light(x, y), self.shapes(x, 0 * y)
        distance = np.hypot(x - self.sun[0], y - self.sun[1])
        sky = ramp(SKY, 1.0 - 1.5 * distance + 0.1 * light)
        sky = np.where((distance < 0.09)[:, None], ramp(SUN, distance / 0.09), sky)
        depth = (y - self.horizon) / (self.bank - self.horizon)
        glitter = np.exp(-(((x - self.sun[0]) / (0.05 + 0.1 * depth)) ** 2)) * (light > -0.5)
        ripple = 0.14 * np.sin(90 * y + 8 * light)
        water = ramp(WATER, depth * 0.9 + ripple) + glitter[:, None] * (colors("ffe090")[0] - 120)
        trees = ramp(TREES, 0.42 + 0.28 * light + 0.5 * smooth(0.5, 0, distance))
        meadow = ramp(MEADOW, 0.45 + 0.3 * light + 0.2 * np.sin(26 * (y + self.tilt * x)))
        near = y > self.bank + self.tilt * (x - 0.5) + 0.015 * shapes
        far = (y > self.horizon - 0.07 - 0.055 * shapes) & (y < self.horizon)
        land = np.where(near[:, None], meadow, np.where((y > self.horizon)[:, None], water, sky))
        return np.asarray(np.where(far[:, None], trees, land))


def _divided(wanted: Array, random: np.random.Generator) -> Array:
    """Return the colors divided: most purer than wanted, some of the opposite hue."""
    gray = wanted.mean(-1, keepdims=True)
    pure = gray + 1.5 * (wanted - gray)
    pure += random.normal(0, 16, pure.shape) + random.normal(0, 30, gray.shape)
    opposite = gray - 1.3 * (wanted - gray) + random.normal(0, 12, pure.shape)
    chosen = random.random(len(wanted)) < 0.2
    return np.asarray(np.where(chosen[:, None], opposite, pure))
