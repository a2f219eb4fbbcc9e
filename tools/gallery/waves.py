"""Rows of breaking waves under a pale sky: curls of foam, blue stripes along the swell."""

import numpy as np
from tools.gallery.canvas import Array, Brush, colors, finish, grid, ramp, toward
from tools.gallery.noise import Noise

from impasto.images import Picture

SKY = colors("d9a07a", "ecd0a2", "f3e6c6", "cfd9c6")
BLUES = colors("7fb0bf", "4a86a8", "2b5f94", "1c3f78", "14285a")
FOAM, OUTLINE, SPRAY, SUN = colors("f6efdc", "16224a", "fbf6e8", "c8452f")


def waves(size: int, seed: int = 0) -> Picture:
    """Paint waves from the far ones to the near ones.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the waves.
    """
    random = np.random.default_rng(seed)
    brush = Brush(size, SKY[2])
    for band in range(40):
        color = ramp(SKY, np.array(band / 39))
        brush.polygon([(0, band / 100), (1, band / 100), (1, 1), (0, 1)], color)
    brush.dot((random.uniform(0.2, 0.8), random.uniform(0.1, 0.16)), 0.075, SUN)
    for near in np.linspace(0, 1, 8):
        _row(brush, 0.27 + 0.8 * near**1.15, 0.055 + 0.2 * near, random)
    x, y = grid(size)
    paper = 1 + 0.035 * Noise(random, 90, 2)(x, 0.3 * y)
    return finish(brush.pixels() * paper[..., None], "waves")


def _row(brush: Brush, level: float, height: float, random: np.random.Generator) -> None:
    """Paint a row of waves, each one rising to a crest that curls over."""
    left = -random.uniform(0, 3 * height)
    while left < 1:
        length = height * random.uniform(2.6, 3.8)
        _wave(brush, np.array((left, level)), length, height * random.uniform(0.8, 1.25), random)
        left += 0.8 * length


def _wave(
    brush: Brush, foot: Array, length: float, height: float, random: np.random.Generator
) -> None:
    """Paint one wave from its foot on the left: body, stripes, curl and foam."""
    t = np.linspace(0, 1, 40)
    # The back rises slowly; the face falls steeply and hollow below the crest.
    back = np.stack([t * 0.7 * length, -height * t**2.2 * (3 - 2 * t)], -1)
    face = np.stack([0.7 * length + 0.5 * length * t, -height * (1 - t) ** 2.6], -1)
    rise = np.concatenate([back, face]) + foot
    bottom = [(rise[-1, 0], 1.1), (foot[0], 1.1)]
    brush.polygon(np.concatenate([rise, bottom]), BLUES[3])
    for stripe in range(1, 9):
        sink = stripe / 9
        line = (rise - foot) * (1 - 0.55 * sink, 1 - sink) + foot
        line += (0.27 * sink * length, 0.1 * height * sink)
        color = FOAM if stripe % 4 == 0 else BLUES[(0, 4, 1)[stripe % 3]]
        brush.line(line, color, height * (0.075 if stripe % 2 else 0.04))
    brush.line(rise, OUTLINE, 0.004)
    crest = foot + np.array((0.7 * length, -height))
    _foam(brush, rise[24:46], crest, height, random)


def _foam(
    brush: Brush, ridge: Array, crest: Array, height: float, random: np.random.Generator
) -> None:
    """Paint foam along the ridge and a curl with claws at the crest."""
    turn = np.linspace(-0.5, 1.6, 26) * np.pi
    radius = height * np.linspace(0.42, 0.12, 26)
    center = crest + np.array((0.1, 0.42)) * height
    curl = center + radius[:, None] * toward(turn)
    claws = np.concatenate([ridge, curl])
    steep = np.concatenate([np.linspace(0.25, 1, len(ridge)), np.linspace(1, 0.45, len(curl))])
    sizes = height * random.uniform(0.06, 0.12, len(claws)) * steep
    for claw, reach in zip(claws, sizes, strict=True):
        brush.dot(claw, reach + 0.0035, OUTLINE)
    for claw, reach in zip(claws, sizes, strict=True):
        brush.dot(claw, reach, FOAM)
    for claw, reach in zip(claws[::2], sizes[::2], strict=True):
        brush.dot(claw + 0.25 * reach, 0.45 * reach, BLUES[0])
    for drop in random.normal((0, -0.3), (0.5, 0.3), (22, 2)):
        brush.dot(crest + height * drop, random.uniform(0.0015, 0.004), SPRAY)
