"""Measures of what was made."""

from impasto.metrics.flicker import Flicker, FlickerMeter, warping_error

__all__ = ["Flicker", "FlickerMeter", "warping_error"]
