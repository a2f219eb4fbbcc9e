"""Dense optical flow, and where it can be trusted.

Sources: DIS (Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search"), as OpenCV has
it; the cycle check of Sundaram et al. 2010, as Ruder et al. 2018, "Artistic Style Transfer for
Videos and Spherical Images", use it.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.flow.opencv import opencv
from impasto.flow.warping import warped

#: (H, W, 2): what is at (x, y) in one frame is at (x, y) + flow[y, x] in another; in pixels.
Flow = NDArray[np.float32]
Frame = NDArray[np.uint8]
#: Longest side at which flow is computed; that of larger frames is enlarged.
LONGEST = 1024
#: Squared pixels, and a part of the motion, that a cycle may miss (Sundaram et al.).
_MISSED, _MISSED_PART = 0.5, 0.01
_LOCAL = threading.local()


def optical_flow(first: Frame, second: Frame, *, close: bool = False) -> Flow:
    """Return the flow from one frame to another.

    Args:
        first: (H, W, 3) uint8.
        second: As large.
        close: Whether to look at every pixel instead of at every other: on MPI-Sintel a third
            less far off, in four times the time.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    flow = gray_flow(gray(first), gray(second), close=close)
    return enlarged(flow, first.shape[:2])


def gray(frame: Frame) -> Frame:
    """Return the luma of a frame, at most `LONGEST` long: what flow is computed of."""
    cv2 = opencv()
    height, width = frame.shape[:2]
    scale = LONGEST / max(height, width)
    if scale < 1:
        size = (max(16, round(width * scale)), max(16, round(height * scale)))
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    luma: Frame = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return luma


def gray_flow(first: Frame, second: Frame, *, close: bool = False) -> Flow:
    """Return what `optical_flow` does, of frames (H, W) that `gray` made."""
    flow: Flow = _dis(0 if close else 1).calc(first, second, None)
    return flow


def enlarged(flow: Flow, size: tuple[int, ...]) -> Flow:
    """Return a flow for frames of another height and width."""
    if flow.shape[:2] == size:
        return flow
    scale = np.array([size[1] / flow.shape[1], size[0] / flow.shape[0]], np.float32)
    larger: Flow = opencv().resize(flow, size[::-1], interpolation=opencv().INTER_LINEAR)
    return larger * scale


def trusted(there: Flow, back: Flow) -> NDArray[np.float32]:
    """Return where a flow leads to something that leads back: (H, W), from 0 to 1.

    Every other row and column is looked at.

    Args:
        there: From this frame to another.
        back: From the other frame to this one.
    """
    size = there.shape[:2]
    there, back = (each[::2, ::2] * np.float32(0.5) for each in (there, back))
    returned = warped(back, there, cubic=False)
    missed = np.square(there + returned).sum(-1)
    motion = np.square(there).sum(-1) + np.square(returned).sum(-1)
    kept = missed < _MISSED_PART * motion + _MISSED / 4
    kept &= _inside(there)
    whole: NDArray[np.float32] = opencv().resize(
        kept.astype(np.float32), size[::-1], interpolation=opencv().INTER_LINEAR
    )
    return whole


def _inside(flow: Flow) -> NDArray[np.bool_]:
    """Return where a flow leads to a place of the other frame."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    inside: NDArray[np.bool_] = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return inside


def _dis(finest: int) -> Any:  # noqa: ANN401
    """Return a flow object of this thread's own, since it keeps buffers."""
    found: dict[int, Any] = _LOCAL.__dict__.setdefault("dis", {})
    if finest not in found:
        cv2 = opencv()
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        # The preset's scale is 2: at 1 flow is half as far off (0.3 pixels on MPI-Sintel's alley_1
        # instead of 0.5), in three times the time.
        dis.setFinestScale(finest)
        dis.setPatchStride(4)
        dis.setVariationalRefinementIterations(3)
        found[finest] = dis
    return found[finest]
