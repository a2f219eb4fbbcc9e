"""The iterative stylizer (Gatys et al. 2016): pyramid, optimizers, plan."""

from impasto.optimize.anchors import Anchors
from impasto.optimize.forecast import Forecast
from impasto.optimize.stylizer import IterativeStylizer

__all__ = ["Anchors", "Forecast", "IterativeStylizer"]
