"""The iterative engine (Gatys et al. 2016): pyramid, targets, loop, plan."""

from impasto.optimize.loop import IterativeRun
from impasto.optimize.stylizer import IterativeStylizer

__all__ = ["IterativeRun", "IterativeStylizer"]
