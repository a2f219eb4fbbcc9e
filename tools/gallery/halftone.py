"""A poster in three spot inks: dots of several screens, printed a little out of register."""

import math

import numpy as np
from tools.gallery.canvas import Array, colors, crisp, finish, grid, smooth, turned
from tools.gallery.noise import Noise

from impasto.images import Picture

PAPER = colors("fbf4e2")[0]
#: Ink, angle of its screen in degrees.
INKS = ((colors("ffd500")[0], 4), (colors("ff3d73")[0], 38), (colors("0a66c2")[0], 71))
PITCH = 1 / 74


def halftone(size: int, seed: int = 0) -> Picture:
    """Print suns, bursts and waves as dots.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the shapes.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    tones = _tones(x, y, random)
    grain = Noise(random, 90, 2)(x, y)
    pixels = np.broadcast_to(PAPER, (size, size, 3))
    for tone, (ink, degrees) in zip(tones, INKS, strict=True):
        dx, dy = random.uniform(-0.003, 0.003, 2).tolist()
        u, v = turned(x - dx, y - dy, math.radians(degrees))
        screen = 0.5 + 0.25 * (np.cos(u * 2 * np.pi / PITCH) + np.cos(v * 2 * np.pi / PITCH))
        cover = crisp(screen + 1.06 * tone - 1.03) * (0.95 - 0.06 * np.clip(grain, 0, 3))
        pixels = pixels * (1 - cover[..., None] * (1 - ink / 255))
    return finish(pixels, "halftone")


def _tones(x: Array, y: Array, random: np.random.Generator) -> Array:
    """Return how much of each ink is wanted, (3, H, W) in [0, 1]."""
    flow = Noise(random, 2.5, 5)(x, y)
    bands = 0.5 + 0.5 * np.sin(9 * (y + 0.12 * flow) * np.pi + 2 * x)
    tones = np.stack([0.75 - 0.5 * y, 0.15 + 0.55 * bands, 0.55 * smooth(0.2, 1.3, y + 0.2 * flow)])
    for shape in range(11):
        cx, cy = random.uniform(0, 1, 2).tolist()
        radius = (0.3, 0.2, 0.13, 0.08)[min(shape // 2, 3)] * random.uniform(0.8, 1.2)
        angle = np.arctan2(y - cy, x - cx)
        spikes = random.integers(9, 17)
        burst = 0.16 * np.abs((angle * spikes / np.pi) % 2 - 1) * (shape % 2)
        distance = np.hypot(x - cx, y - cy) / radius + burst * 2
        inside = crisp(1 - distance)
        fade = np.clip(distance, 0, 1) if shape % 3 else np.clip(1.1 - distance, 0, 1)
        wanted = random.permutation([1.0, 0.45, 0.0]).tolist()
        for ink in range(3):
            tones[ink] += inside * (wanted[ink] * (0.25 + 0.75 * fade) - tones[ink])
    return np.asarray(np.clip(tones, 0, 1))
