"""The iterative stylizer (Gatys et al. 2016): pyramid, optimizers, plan, states."""

from impasto.optimize.states import State
from impasto.optimize.stylizer import IterativeStylizer

__all__ = ["IterativeStylizer", "State"]
