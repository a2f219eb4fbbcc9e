"""What moves from frame to frame, and where one shot ends and the next begins."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.flow import Flow, trusted, warped
from impasto.flow.dense import Frame, enlarged, gray, gray_flow
from impasto.flow.opencv import opencv

#: Difference of brightness, of 1, at which what moved is half trusted to be the same.
_DIFFERENCE = 0.07
#: A cut: less than this part of a frame comes from the one before, ...
_CUT_TRUSTED = 0.35
#: ... and small copies of the two differ by this much, of 1.
_CUT_DIFFERENCE = 0.08
_SMALL = (32, 18)
#: Where less of a frame than this comes from the one before, flow is looked for more closely.
_HARD = 0.88


class Motion(NamedTuple):
    """How a frame follows the one before.

    Attributes:
        flow: (H, W, 2), from this frame to the one before.
        trust: (H, W), from 0 to 1: where it can be relied upon.
    """

    flow: Flow
    trust: NDArray[np.float32]


class MotionFinder:
    """Finds the motion of frame after frame.

    Args:
        lags: How many frames back motion is looked for; 1 is always among them, unless there are
            none.
        patient: Whether fast or tangled motion is looked at more closely, which takes longer.
    """

    def __init__(self, lags: Sequence[int] = (1,), *, patient: bool = True) -> None:
        self.lags = lags
        self.patient = patient
        self._before: deque[Frame] = deque(maxlen=max(lags, default=1))

    def __call__(self, frame: Frame) -> dict[int, Motion]:
        """Return how a frame (H, W, 3) uint8 follows earlier ones of the same shot, by their lag.

        Where a shot begins there are none.

        Raises:
            MissingExtraError: OpenCV is not installed.
        """
        if not self.lags:
            return {}
        now = gray(frame)
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
        return {lag: _enlarged(motion, frame.shape[:2]) for lag, motion in found.items()}

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
    back, there = gray_flow(now, before, close=close), gray_flow(before, now, close=close)
    difference = cv2.absdiff(now, warped(before, back, cubic=False))
    difference = cv2.blur(difference, (3, 3)).astype(np.float32)
    alike = 1 / (1 + np.square(difference / np.float32(255 * _DIFFERENCE)))
    return Motion(back, trusted(back, there) * alike)


def _enlarged(motion: Motion, size: tuple[int, int]) -> Motion:
    """Return a motion for frames of another height and width."""
    if motion.trust.shape == size:
        return motion
    cv2 = opencv()
    trust = cv2.resize(motion.trust, size[::-1], interpolation=cv2.INTER_LINEAR)
    return Motion(enlarged(motion.flow, size), trust)


def _is_cut(before: Frame, now: Frame, trust: float) -> bool:
    cv2 = opencv()
    small = [cv2.resize(each, _SMALL, interpolation=cv2.INTER_AREA) for each in (before, now)]
    difference = float(cv2.absdiff(*small).mean()) / 255
    return trust < _CUT_TRUSTED and difference > _CUT_DIFFERENCE
