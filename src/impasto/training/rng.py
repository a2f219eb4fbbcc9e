"""Random numbers that depend on seed and step alone."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class Rng:
    """All random numbers of one step, a function of seed and step: that makes resuming exact.

    Args:
        seed: Of the training.
        step: Number of the step.
        device: Where noise is drawn.
    """

    def __init__(self, seed: int, step: int, device: torch.device) -> None:
        self.device = device
        self.numpy = np.random.default_rng((seed, step))
        self.torch = torch.Generator(device).manual_seed(self.integer(2**62))

    def bernoulli(self, probability: float) -> bool:
        """Return True with this probability."""
        return bool(self.numpy.random() < probability)

    def uniform(self, low: float, high: float) -> float:
        """Return a number between two others, uniformly distributed."""
        return float(self.numpy.uniform(low, high))

    def integer(self, count: int) -> int:
        """Return a whole number from 0 to `count` - 1."""
        return int(self.numpy.integers(count))

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Return standard normal noise on the device."""
        return torch.randn(*shape, generator=self.torch, device=self.device)
