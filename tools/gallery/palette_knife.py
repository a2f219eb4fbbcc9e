"""Thick paint laid on with a knife: slabs of unmixed color with ridges that catch the light."""

import numpy as np
from PIL import Image, ImageFilter
from tools.gallery.canvas import Array, Brush, colors, finish, ramp, toward
from tools.gallery.noise import Noise

from impasto.images import Picture

#: Paint from the top of the picture to its bottom.
PAINT = colors(
    "0f7f9f", "4fc0c0", "f4ead0", "f7b8a0", "f06a4a", "c22f5a", "6a2f80", "2f3f9f", "1f8f7f",
    "a8c83f", "f7d23f", "f28a2a", "d83a3a",
)  # fmt: skip


def palette_knife(size: int, seed: int = 0) -> Picture:
    """Lay on slabs of paint, broad ones first, and light them from the left.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the slabs and of where colors are.
    """
    random = np.random.default_rng(seed)
    hue, turn = Noise(random, 2.4, 4), Noise(random, 2, 5)
    brush = Brush(size, PAINT[6])
    for count, length in ((260, 0.26), (420, 0.15), (420, 0.08)):
        x, y = random.uniform(-0.03, 1.03, (2, count))
        values = 0.06 + 0.88 * y + 0.13 * hue(x, y) + random.normal(0, 0.045, count)
        angles = 0.5 * turn(x, y) + random.normal(0, 0.3, count) - 0.3
        for at, value, angle in zip(np.stack([x, y], -1), values, angles, strict=True):
            reach = length * random.uniform(0.7, 1.2)
            _slab(brush, at, ramp(PAINT, value), reach, angle, random)
    return finish(_relief(brush.pixels()), "palette_knife")


def _slab(
    brush: Brush, at: Array, color: Array, length: float, angle: float, random: np.random.Generator
) -> None:
    """Draw a slab: a ragged rectangle, streaked along, with a ridge where the knife left it."""
    along = toward(angle)
    across = toward(angle + np.pi / 2) * random.uniform(0.36, 0.5) * length
    reach = random.uniform(0.42, 0.58, (2, 11)) * length
    streaks = at + np.outer(np.linspace(-0.5, 0.5, 11), across)
    left, right = streaks - np.outer(reach[0], along), streaks + np.outer(reach[1], along)
    brush.polygon(np.concatenate([left, right[::-1]]), color)
    ends = left + random.uniform(0.3, 0.9, (11, 1)) * (right - left)
    tints = color * random.normal(1, 0.1, (11, 1)) + random.normal(0, 9, (11, 3))
    brush.lines(np.stack([left, ends], 1), tints, 0.03 * length)
    brush.line([left[-1], right[-1]], color * 0.68, 0.028 * length)
    brush.line(right, np.minimum(color * 1.15 + 24, 255), 0.03 * length)


def _relief(pixels: Array) -> Array:
    """Return the pixels lit as if light paint stood higher than dark paint."""
    gray = Image.fromarray(pixels.mean(-1).astype(np.uint8))
    height = np.asarray(gray.filter(ImageFilter.GaussianBlur(len(pixels) / 900)), np.float32)
    down, across = np.gradient(height)
    light = np.asarray(np.clip((across + down) * (len(pixels) / 1024), -16, 16))
    return np.asarray(pixels + 1.7 * light[..., None])
