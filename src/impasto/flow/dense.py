"""Dense optical flow, where it can be trusted, and where one shot ends and the next begins.

Sources: DIS (Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search"), as OpenCV has
it; the cycle check of Sundaram et al. 2010, as Ruder et al. 2018, "Artistic Style Transfer for
Videos and Spherical Images", use it.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from impasto.flow.warping import opencv, warped

#: (H, W, 2): what is at (x, y) in one frame is at (x, y) + flow[y, x] in another; in pixels.
Flow = NDArray[np.float32]
Frame = NDArray[np.uint8]
LONGEST = 1024  # longest side at which flow is computed; that of larger frames is enlarged
#: Squared pixels, and a part of the motion, that a cycle may miss (Sundaram et al.).
_MISSED, _MISSED_PART = 0.5, 0.01
_LOCAL = threading.local()
#: Difference of brightness, of 1, at which what moved is half trusted to be the same.
_DIFFERENCE = 0.07
#: A cut: less than this part of a frame comes from the one before, ...
_CUT_TRUSTED = 0.35
#: ... and small copies of the two differ by this much, of 1.
_CUT_DIFFERENCE = 0.08
_SMALL = (32, 18)
#: Where less of a frame than this comes from the one before, flow is looked for more closely.
_HARD = 0.88


def optical_flow(first: Frame, second: Frame, *, close: bool = False) -> Flow:
    """Return the flow from one frame (H, W, 3) uint8 to another as large.

    A close look is at every pixel instead of at every other: on MPI-Sintel the flow is a third
    less far off then, in four times the time.
    """
    return _enlarged(_gray_flow(_gray(first), _gray(second), close=close), first.shape[:2])


def _gray(frame: Frame) -> Frame:
    """Return the luma of a frame, at most `LONGEST` long: what flow is computed of."""
    cv2 = opencv()
    height, width = frame.shape[:2]
    scale = LONGEST / max(height, width)
    if scale < 1:
        size = (max(16, round(width * scale)), max(16, round(height * scale)))
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return cast("Frame", cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))


def _gray_flow(first: Frame, second: Frame, *, close: bool = False) -> Flow:
    # Flow objects keep buffers, so each thread has its own.
    found: dict[bool, Any] = vars(_LOCAL).setdefault("dis", {})
    if close not in found:
        cv2 = opencv()
        dis = found[close] = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        # The preset's scale is 2: at 1 flow is less far off (0.3 pixels on MPI-Sintel's alley_1
        # instead of 0.5), in three times the time.
        dis.setFinestScale(0 if close else 1)
        dis.setPatchStride(4)
        dis.setVariationalRefinementIterations(3)
    return cast("Flow", found[close].calc(first, second, None))


def _enlarged(flow: Flow, size: tuple[int, ...]) -> Flow:
    """Return a flow for frames of another height and width."""
    scale = np.array([size[1] / flow.shape[1], size[0] / flow.shape[0]], np.float32)
    return _larger(flow, size) * scale


def _larger(values: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.float32]:
    """Return values (H, W) or (H, W, 2) at another height and width."""
    if values.shape[:2] == size:
        return values
    cv2 = opencv()
    resized: NDArray[np.float32] = cv2.resize(values, size[::-1], interpolation=cv2.INTER_LINEAR)
    return resized


def trusted(there: Flow, back: Flow) -> NDArray[np.float32]:
    """Return where a flow to another frame leads to something that leads back.

    The result is (H, W), from 0 to 1; every other row and column is looked at.
    """
    size = there.shape[:2]
    there, back = (each[::2, ::2] * np.float32(0.5) for each in (there, back))
    returned = warped(back, there, cubic=False)
    missed = np.square(there + returned).sum(-1)
    motion = np.square(there).sum(-1) + np.square(returned).sum(-1)
    kept = missed < _MISSED_PART * motion + _MISSED / 4
    # Only where the flow leads to a place of the other frame.
    height, width = there.shape[:2]
    x = there[..., 0] + np.arange(width, dtype=np.float32)
    y = there[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    kept &= (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return _larger(kept.astype(np.float32), size)


class Motion(NamedTuple):
    """How a frame follows an earlier one."""

    flow: Flow  # (H, W, 2), from this frame to the earlier one
    trust: NDArray[np.float32]  # (H, W), from 0 to 1: where it can be relied upon


class MotionFinder:
    """Finds the motion of frame after frame.

    Lags say how many frames back it is looked for; 1 is always among them, unless there are none.
    If it is patient, fast or tangled motion is looked at more closely, which takes longer.
    """

    def __init__(self, lags: Sequence[int] = (1,), *, patient: bool = True) -> None:
        self.lags = lags
        self.patient = patient
        self._before: deque[Frame] = deque(maxlen=max(lags, default=1))

    def __call__(self, frame: Frame) -> dict[int, Motion]:
        """Return how a frame (H, W, 3) uint8 follows earlier ones of the same shot, by their lag.

        Where a shot begins there are none.
        """
        if not self.lags:
            return {}
        now = _gray(frame)
        found: dict[int, Motion] = {}
        if self._before:
            motion = _motion(now, self._before[-1])
            if _is_cut(self._before[-1], now, float(motion.trust.mean())):
                self._before.clear()
            else:
                found[1] = self._closer(motion, now)
        lags = [lag for lag in self.lags if 1 < lag <= len(self._before)]
        found |= {lag: _motion(now, self._before[-lag]) for lag in lags}
        self._before.append(now)
        size = frame.shape[:2]
        return {
            lag: Motion(_enlarged(motion.flow, size), _larger(motion.trust, size))
            for lag, motion in found.items()
        }

    def _closer(self, motion: Motion, now: Frame) -> Motion:
        """Return a motion, or one that can be trusted more, where it is hard to follow.

        In noise a closer look sees motion that is not there; its two directions disagree then.
        """
        trust = motion.trust.mean()
        if not self.patient or trust >= _HARD:
            return motion
        closer = _motion(now, self._before[-1], close=True)
        return closer if closer.trust.mean() > trust else motion


def _motion(now: Frame, before: Frame, *, close: bool = False) -> Motion:
    cv2 = opencv()
    back, there = _gray_flow(now, before, close=close), _gray_flow(before, now, close=close)
    difference = cv2.absdiff(now, warped(before, back, cubic=False))
    difference = cv2.blur(difference, (3, 3)).astype(np.float32)
    alike = 1 / (1 + np.square(difference / np.float32(255 * _DIFFERENCE)))
    return Motion(back, trusted(back, there) * alike)


def _is_cut(before: Frame, now: Frame, trust: float) -> bool:
    cv2 = opencv()
    small = [cv2.resize(each, _SMALL, interpolation=cv2.INTER_AREA) for each in (before, now)]
    return trust < _CUT_TRUSTED and float(cv2.absdiff(*small).mean()) / 255 > _CUT_DIFFERENCE
