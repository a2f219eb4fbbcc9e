"""What is written on a live picture, and the picture beside what it was."""

from __future__ import annotations

from collections import deque
from statistics import median

import numpy as np
from numpy.typing import NDArray

from impasto.flow.opencv import opencv

Pixels8 = NDArray[np.uint8]


class Meter:
    """Frames a second and latency, of the last second or so."""

    def __init__(self) -> None:
        self._shown: deque[float] = deque(maxlen=30)
        self._late: deque[float] = deque(maxlen=30)

    def shown(self, now: float, taken: float) -> None:
        """Learn that a frame was shown.

        Args:
            now: When, `time.monotonic()`.
            taken: When it was taken.
        """
        self._shown.append(now)
        self._late.append(now - taken)

    @property
    def fps(self) -> float:
        """Frames a second."""
        if len(self._shown) < 2:
            return 0.0
        return (len(self._shown) - 1) / max(1e-6, self._shown[-1] - self._shown[0])

    @property
    def latency(self) -> float:
        """Seconds from taken to shown, the median."""
        return median(self._late) if self._late else 0.0


def halves(before: Pixels8, after: Pixels8) -> Pixels8:
    """Return the left half as it was and the right one as it is, a line between them."""
    middle = after.shape[1] // 2
    both = after.copy()
    both[:, :middle] = before[:, :middle]
    both[:, middle - 1 : middle + 1] = 255
    return both


def written(pixels: Pixels8, lines: list[str]) -> Pixels8:
    """Return a picture with lines of text in its upper left corner."""
    cv2 = opencv()
    shown = pixels.copy()
    scale = max(0.4, pixels.shape[0] / 900)
    for number, line in enumerate(lines):
        place = (round(16 * scale), round((34 + 34 * number) * scale))
        for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(
                shown, line, place, cv2.FONT_HERSHEY_SIMPLEX, scale, color, width, cv2.LINE_AA
            )
    return shown
