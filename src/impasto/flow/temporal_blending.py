"""Temporal blending: what was painted before stays where the flow can be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.flow.opencv import opencv
from impasto.flow.warping import warped

Pixels = NDArray[np.float32]
#: The most of a frame that comes from the one before, at stability 1.
MOST = 0.95
#: The most that faint detail is strengthened by, in a frame.
_MOST_GAIN = 1.25
#: Side in pixels of the cells whose detail is compared, and of what is detail.
_CELL, _FINE = 12, 1.2


def blend_frames(
    painted: Pixels, before: Pixels, flow: NDArray[np.float32], trust: Pixels, stability: float
) -> Pixels:
    """Blend a painted frame with the one before it, moved along.

    As Ruder et al. 2018, "Artistic Style Transfer for Videos and Spherical Images", where the flow
    can be trusted. The mean of two pictures of strokes has fainter strokes, so detail gets back,
    place by place, the strength that it has in the new frame.

    Args:
        painted: (H, W, 3) in [0, 1], the frame as it was painted alone.
        before: (H, W, 3), the frame before, painted.
        flow: (H, W, 2), from this frame to the one before, in pixels.
        trust: (H, W), from 0 to 1: where the flow can be relied upon.
        stability: From 0, frame by frame, to 1, what was painted stays as long as it can.

    Returns:
        (H, W, 3) in [0, 1].
    """
    part = np.float32(MOST * stability)
    if not part > 0:
        return painted
    blended = painted + (part * trust)[..., None] * (warped(before, flow) - painted)
    return _with_detail_of(painted, blended)


def _with_detail_of(painted: Pixels, blended: Pixels) -> Pixels:
    """Return a blended picture whose detail is as strong as the painted one's, place by place."""
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
