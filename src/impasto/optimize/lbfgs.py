"""L-BFGS with a guarded step: torch's direction, at a length at which the loss falls."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

HISTORY = 20
#: Mean change of a value while nothing is known of the curvature, and the largest in any step.
FIRST_STEP, LONGEST_STEP = 0.01, 0.25
#: How often a step is tried, each time this much shorter, before its direction is given up.
TRIES, SHORTER = 6, 0.25


class Evaluated(Protocol):
    """What is found of a picture when its gradient is added to its `grad`."""

    @property
    def loss(self) -> Tensor:
        """Tensor of shape ()."""
        ...


def is_finite(found: Evaluated, image: Tensor) -> bool:
    """Return whether a loss and the gradient of its picture can be followed."""
    if image.grad is not None and not math.isfinite(image.grad.sum()):
        return False
    return math.isfinite(found.loss.detach())


def check_finite(found: Evaluated, image: Tensor) -> None:
    """Raise a `FloatingPointError` where a loss or its gradient cannot be followed."""
    if not is_finite(found, image):
        raise FloatingPointError


class GuardedLBFGS(torch.optim.LBFGS):
    """L-BFGS (as in Gatys et al.) within the box [0, 1]; no step makes the loss larger.

    Where the loss curves downwards, torch's takes a step of the gradient's own length: 1e8 with
    Gatys's losses, and the picture is noise from there on. It also remembers steps as if they had
    not been clamped. Here, the first step has a length of its own, each step is shortened until
    the loss falls, and it is remembered as the picture really moved.

    Args:
        image: (1, 3, H, W) float32 in [0, 1].
        lr: Step length that is tried first; 1 is that of the direction.
    """

    def __init__(self, image: Tensor, lr: float) -> None:
        super().__init__(
            [image], lr, max_iter=1, tolerance_grad=0, tolerance_change=0, history_size=HISTORY
        )
        # Of the picture as it stands, whose gradient is there: nothing is evaluated twice.
        self._known: Any = None
        self._settled = False

    @torch.no_grad()
    def descend(self, evaluate: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Take one step; return what `evaluate` found of the picture before it.

        Args:
            evaluate: Writes the gradient to the picture's `grad` and returns `Evaluated`.
        """
        image: Tensor = self.param_groups[0]["params"][0]
        found, self._known = self._known or evaluate(), None
        check_finite(found, image)
        if self._settled or image.grad is None or not image.grad.any():
            self._known = found
            return found
        before = image.clone()
        try:
            self._known = self._moved(image, before, found, evaluate)
        finally:
            if self._known is None:  # nothing helped, or there was no memory for it
                image.copy_(before)
                self.state.clear()
        return found

    def _moved(
        self, image: Tensor, before: Tensor, found: Evaluated, evaluate: Callable[[], Any]
    ) -> Any:  # noqa: ANN401
        """Move the picture; return what was found of it there, or None: the loss fell nowhere."""
        self.step(found.loss.detach)  # type: ignore[no-untyped-call]
        state = self.state[image]
        direction = state["d"].view_as(image)
        length, mean = self.param_groups[0]["lr"], float(direction.abs().mean())
        if not state["old_dirs"]:  # that is the gradient, of any length
            length *= FIRST_STEP / mean
        length = min(length, LONGEST_STEP / mean)
        for _ in range(TRIES):
            torch.add(before, direction, alpha=length, out=image).clamp_(0, 1)
            reached = evaluate()
            if is_finite(reached, image) and reached.loss <= found.loss:
                state["d"], state["t"] = (image - before).flatten(), 1.0
                return reached
            length *= SHORTER
        self._settled = not state["old_dirs"]
        return None
