"""An optimizer for convolutions that learns in a tenth of Adam's steps here."""

import math
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
        cap: Norm of a kernel as a multiple of a He-initialized one's, at most. Where features are
            whitened their scale does not matter, so kernels would grow without end.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.9, cap: float = math.inf
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "cap": cap})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, **{k: v for k, v in group.items() if k != "params"})

    def _update(self, parameter: Tensor, lr: float, momentum: float, cap: float) -> None:
        gradient = parameter.grad
        assert gradient is not None
        average = self.state[parameter].setdefault("average", torch.zeros_like(parameter))
        average.lerp_(gradient, 1 - momentum)
        update = gradient.lerp(average, momentum).flatten(1)
        rows, columns = update.shape
        length = lr * max(1, rows / columns) ** 0.5
        parameter.sub_(length * orthogonalized(update).view_as(parameter))
        if cap < math.inf:
            parameter.mul_((cap * math.sqrt(2 * rows) / parameter.norm()).clamp(max=1))


def orthogonalized(matrix: Tensor) -> Tensor:
    """Return (R, C) with the same singular vectors and singular values of 0.7 to 1.2.

    Newton-Schulz iterations with the coefficients of Jordan et al., in float32, on the square
    matrix of products alone: the long side is looked at in the beginning and in the end.
    """
    turned = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.mT if turned else matrix
    x = x / (x.norm() + 1e-12)
    square = x @ x.mT
    factor = torch.eye(len(square), device=x.device)
    for _ in range(5):
        step = -4.7750 * square + 2.0315 * square @ square
        step.diagonal().add_(3.4445)
        factor, square = step @ factor, step @ square @ step
    x = factor @ x
    return x.mT if turned else x
