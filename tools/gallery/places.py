"""Where things stand that are strewn over a picture."""

from collections.abc import Iterable

import numpy as np


def scattered(
    random: np.random.Generator, radii: Iterable[float], apart: float = 1.0
) -> list[tuple[float, float, float]]:
    """Throw circles one after the other, and keep those that fall where there is room.

    Args:
        random: Where they fall.
        radii: Of the circles; large ones first find room best.
        apart: How far centers have to be apart, in sums of their radii.

    Returns:
        (x, y, radius) of circles in the unit square, and a little beyond.
    """
    kept: list[tuple[float, float, float]] = []
    for radius in radii:
        x, y = random.uniform(-0.03, 1.03, 2).tolist()
        if all(np.hypot(x - a, y - b) > apart * (radius + other) for a, b, other in kept):
            kept.append((x, y, float(radius)))
    return kept
