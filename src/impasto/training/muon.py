"""An optimizer for convolutions that learns in a tenth of Adam's steps here."""

from collections.abc import Iterable

import torch
from torch import Tensor


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalized (Jordan et al. 2024, "Muon: an optimizer for hidden layers").

    A kernel (O, I, h, w) is taken as a matrix of O rows. Its momentum keeps its singular vectors,
    and all singular values become about 1: faint directions are learned as fast as strong ones.

    Args:
        parameters: Kernels only; biases and the like want another optimizer.
        lr: Length of a step.
        momentum: Decay of the average of gradients.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.9) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step."""
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                state = self.state[parameter]
                average = state.setdefault("average", torch.zeros_like(parameter))
                average.lerp_(gradient, 1 - group["momentum"])
                update = gradient.lerp(average, group["momentum"]).flatten(1)
                rows, columns = update.shape
                length = group["lr"] * max(1, rows / columns) ** 0.5
                parameter.sub_(length * orthogonalized(update).view_as(parameter))


def orthogonalized(matrix: Tensor) -> Tensor:
    """Return (R, C) with the same singular vectors and singular values of 0.7 to 1.2.

    Newton-Schulz iterations with the coefficients of Jordan et al., in float32.
    """
    turned = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.mT if turned else matrix
    x = x / (x.norm() + 1e-12)
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.mT if turned else x
