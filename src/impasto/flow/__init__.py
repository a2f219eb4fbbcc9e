"""Motion between frames: optical flow, what can be trusted of it, and warping by it."""

from impasto.flow.dense import Flow, Motion, MotionFinder, optical_flow, trusted
from impasto.flow.warping import opencv, warped

__all__ = ["Flow", "Motion", "MotionFinder", "opencv", "optical_flow", "trusted", "warped"]
