"""Keeping painted frames steady: what was painted before stays where it can be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.flow import warped
from impasto.flow.opencv import opencv
from impasto.video.motion import Motion

Pixels = NDArray[np.float32]
#: The most of a frame that comes from the one before, at stability 1.
MOST = 0.95
#: The most that faint detail is strengthened by, in a frame.
_MOST_GAIN = 1.25
#: Side in pixels of the cells whose detail is compared, and of what is detail.
_CELL, _FINE = 12, 1.2


class Steadying:
    """Blends each painted frame with the one before it, moved along.

    As Ruder et al. 2018, "Artistic Style Transfer for Videos and Spherical Images", where the
    flow can be trusted. The mean of two pictures of strokes has fainter strokes, so detail gets
    back, place by place, the strength that it has in the new frame.

    Args:
        stability: From 0, frame by frame, to 1, what was painted stays as long as it can.
    """

    def __init__(self, stability: float) -> None:
        self.part = np.float32(MOST * stability)
        self.before: Pixels | None = None

    def __call__(self, painted: Pixels, motion: Motion | None) -> Pixels:
        """Return (H, W, 3) in [0, 1], and remember it.

        Args:
            painted: The frame as it was painted alone.
            motion: From the frame before; None: a new shot.
        """
        if motion is not None and self.before is not None and self.part > 0:
            moved = warped(self.before, motion.flow)
            part = (self.part * motion.trust)[..., None]
            painted = _detailed(painted + part * (moved - painted), painted)
        self.before = painted
        return painted


def _detailed(blended: Pixels, painted: Pixels) -> Pixels:
    """Return a picture whose detail is as strong as another's, place by place."""
    cv2 = opencv()
    height, width = blended.shape[:2]
    smooth = cv2.GaussianBlur(blended, (5, 5), _FINE)
    detail, wanted = blended - smooth, painted - cv2.GaussianBlur(painted, (5, 5), _FINE)
    gain = np.sqrt((_energy(wanted) + 1e-6) / (_energy(detail) + 1e-6)).clip(1, _MOST_GAIN)
    gain = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR)
    strengthened: Pixels = (smooth + gain[..., None] * detail).clip(0, 1)
    return strengthened


def _energy(detail: Pixels) -> Pixels:
    """Return the mean square of detail in cells of a picture."""
    cv2 = opencv()
    height, width = detail.shape[:2]
    size = (max(1, width // _CELL), max(1, height // _CELL))
    luma = cv2.cvtColor(np.square(detail), cv2.COLOR_RGB2GRAY)
    cells: Pixels = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return cells
