"""Motion between frames: optical flow, what can be trusted of it, and warping by it."""

from impasto.flow.dense import Flow, optical_flow, trusted
from impasto.flow.temporal_blending import blend_frames
from impasto.flow.warping import warped

__all__ = ["Flow", "blend_frames", "optical_flow", "trusted", "warped"]
