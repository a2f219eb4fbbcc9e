"""Brush strokes that follow a turbulent sky: deep blues, whites and lamps of yellow."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from impasto.images import Picture

Array = NDArray[np.float64]

#: Night to light, as sRGB.
PALETTE = np.array(
    [(16, 24, 68), (24, 54, 122), (38, 96, 160), (96, 150, 188), (190, 208, 196), (236, 222, 150)],
    dtype=np.float64,
)
LAMP = np.array([(250, 236, 160), (246, 196, 66), (222, 140, 40), (120, 130, 110)], np.float64)


class _Wind:
    """A flow field of some whirls over long waves, and the light that goes with it."""

    def __init__(self, random: np.random.Generator) -> None:
        self.whirls = random.uniform(0.08, 0.92, (7, 2))
        self.spins = random.choice([-1.0, 1.0], 7) * random.uniform(0.6, 1.4, 7)
        self.radii = random.uniform(0.06, 0.15, 7)
        self.phases = random.uniform(0, 2 * np.pi, 4)

    def direction(self, x: Array, y: Array) -> Array:
        """Return the angle of the flow at points of the unit square."""
        u = 1 + 0.3 * np.sin(5 * y + self.phases[0])
        v = 0.7 * np.sin(4 * x + 3 * y + self.phases[1])
        for (cx, cy), spin, radius in zip(self.whirls, self.spins, self.radii, strict=True):
            dx, dy = x - cx, y - cy
            near = 5 * spin * np.exp(-(dx**2 + dy**2) / (2 * (1.3 * radius) ** 2))
            u, v = u - near * dy / radius, v + near * dx / radius
        return np.asarray(np.arctan2(v, u))

    def colors(self, x: Array, y: Array, random: np.random.Generator) -> Array:
        """Return (N, 3) sRGB in 0..255 for strokes at points of the unit square."""
        waves = np.sin(9 * y + 4 * np.sin(3 * x + self.phases[2]) + self.phases[3])
        value = 0.42 + 0.26 * waves - 0.12 * y + random.normal(0, 0.13, x.shape)
        colors = _mix(PALETTE, value)
        for (cx, cy), radius in zip(self.whirls, self.radii, strict=True):
            distance = np.hypot(x - cx, y - cy) / radius + random.normal(0, 0.08, x.shape)
            inside = distance < 1
            colors[inside] = _mix(LAMP, distance[inside])
        return np.clip(colors + random.normal(0, 9, colors.shape), 0, 255)


def strokes(size: int, seed: int = 0) -> Picture:
    """Paint strokes along a flow field, from broad ones to fine ones.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of whirls and colors.
    """
    random = np.random.default_rng(seed)
    wind = _Wind(random)
    side = 2 * size
    canvas = Image.new("RGB", (side, side), (24, 40, 92))
    brush = ImageDraw.Draw(canvas)
    for count, length, width in ((1500, 0.10, 0.016), (4500, 0.06, 0.009), (7000, 0.035, 0.005)):
        x, y = random.uniform(-0.02, 1.02, (2, count))
        colors = wind.colors(x, y, random).astype(int)
        paths = _paths(wind, x, y, length) * side
        for path, color in zip(paths, colors, strict=True):
            points = [tuple(point) for point in path]
            brush.line(points, tuple(color), max(1, round(width * side)), joint="curve")
    smooth = canvas.resize((size, size), Image.Resampling.LANCZOS)
    return Picture(np.asarray(smooth, np.float32) / np.float32(255), name="strokes")


def _paths(wind: _Wind, x: Array, y: Array, length: float, points: int = 9) -> Array:
    """Return (N, points, 2) positions along the flow."""
    path = [np.stack([x, y], -1)]
    for _ in range(points - 1):
        angle = wind.direction(path[-1][:, 0], path[-1][:, 1])
        path.append(path[-1] + length / points * np.stack([np.cos(angle), np.sin(angle)], -1))
    return np.stack(path, 1)


def _mix(palette: Array, value: Array) -> Array:
    """Return the palette's colors at values in [0, 1], interpolated."""
    at = np.clip(value, 0, 1) * (len(palette) - 1)
    return np.stack([np.interp(at, range(len(palette)), palette[:, c]) for c in range(3)], -1)
