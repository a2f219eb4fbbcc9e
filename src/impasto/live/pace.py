"""Frames a second: measured, and held by smaller pictures when it is too much."""

from __future__ import annotations

from collections import deque
from statistics import median

#: Parts of the full size that are painted.
SIZES = (1.0, 0.875, 0.75, 0.625, 0.5, 0.4, 0.3)
#: Frames after which the size may change, and how much of the time may be used.
_PATIENCE, _ROOM = 12, 0.92
#: First frames at a size, which do not count: a network may be compiled for it.
_SETTLING = 3


class Pace:
    """Chooses the size that is painted, to hold `fps` frames a second; 0: the full size always."""

    def __init__(self, fps: float) -> None:
        self._budget = 1 / fps if fps > 0 else float("inf")
        self._level = 0
        self._times: deque[float] = deque(maxlen=_PATIENCE)
        self._waits, self._settling = 1, _SETTLING

    @property
    def scale(self) -> float:
        """The part of the full size to paint."""
        return SIZES[self._level]

    def took(self, seconds: float) -> None:
        """Learn how long a frame took at this size."""
        if self._settling:
            self._settling -= 1
            return
        self._times.append(seconds)
        if len(self._times) < _PATIENCE:
            return
        usual = median(self._times)
        if usual > _ROOM * self._budget and self._level < len(SIZES) - 1:
            self._change(1)
            # What was too much once is not tried again soon.
            self._waits = min(2 * self._waits, 64)
        elif self._level:
            larger = usual * (SIZES[self._level - 1] / SIZES[self._level]) ** 2
            if larger < _ROOM * self._budget * 0.9:
                self._waits -= 1
            if self._waits <= 0:
                self._change(-1)
                self._waits = 1

    def _change(self, by: int) -> None:
        self._level += by
        self._settling = _SETTLING
        self._times.clear()


class Meter:
    """Frames a second and latency, of the last second or so."""

    def __init__(self) -> None:
        self._shown: deque[float] = deque(maxlen=30)
        self._late: deque[float] = deque(maxlen=30)

    def shown(self, now: float, taken: float) -> None:
        """Learn when a frame was shown, and when it was taken, by `time.monotonic()`."""
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
