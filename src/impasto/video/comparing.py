"""The original and what became of it in one picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from impasto.video.clip import Pixels8

#: Seconds of a wipe, there and back.
_PERIOD = 6.0
_LINE = 2


def side_by_side(original: Pixels8, painted: Pixels8, seconds: float) -> Pixels8:
    """Return the two beside each other: (H, 2 W, 3)."""
    return np.concatenate([original, painted], 1)


def wipe(original: Pixels8, painted: Pixels8, seconds: float) -> Pixels8:
    """Return the painted frame on the left of a line that moves, the original on its right."""
    width = painted.shape[1]
    place = round(width * (0.5 - 0.5 * math.cos(2 * math.pi * seconds / _PERIOD)))
    both = original.copy()
    both[:, :place] = painted[:, :place]
    both[:, max(0, place - _LINE) : place + _LINE] = 255
    return both


#: Original, painted and seconds -> what is shown, by what it is called.
COMPARISONS: Mapping[str, Callable[[Pixels8, Pixels8, float], Pixels8]] = {
    "side-by-side": side_by_side,
    "wipe": wipe,
}
