"""L-BFGS with a backtracking line search: torch's direction, at a length where the loss falls."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from impasto.optimize.objective import Losses

HISTORY = 20
#: Mean change of a value while nothing is known of the curvature, and the largest in any step.
FIRST_STEP, LONGEST_STEP = 0.01, 0.25
#: Lengths of a line search, each shorter by this factor, before its direction is given up.
MAX_TRIES, SHRINK = 6, 0.25


def is_finite(found: Losses, image: Tensor) -> bool:
    """Return whether a loss and the gradient of its picture are finite."""
    if image.grad is not None and not math.isfinite(image.grad.sum()):
        return False
    return math.isfinite(found.loss.detach())


class LineSearchLBFGS(torch.optim.LBFGS):
    """L-BFGS (as in Gatys et al.) within the box [0, 1]; no step makes the loss larger.

    Where the loss curves downwards, torch's takes a step of the gradient's own length: 1e8 with
    Gatys's losses, and the picture is noise from there on. It also remembers steps as if they had
    not been clamped. Here, the first step has a length of its own, each step is shortened until
    the loss falls, and it is remembered as the picture really moved. `lr` is the part of a
    direction that is tried first.
    """

    def __init__(self, image: Tensor, lr: float) -> None:
        super().__init__(
            [image], lr, max_iter=1, tolerance_grad=0, tolerance_change=0, history_size=HISTORY
        )
        # The losses of the present picture, whose gradient is there: nothing is evaluated twice.
        self._evaluated: Losses | None = None
        self._converged = False

    @torch.no_grad()
    def take_step(self, evaluate: Callable[[], Losses]) -> Losses:
        """Take one step; return the losses of the picture before it."""
        image: Tensor = self.param_groups[0]["params"][0]
        found, self._evaluated = self._evaluated or evaluate(), None
        if not is_finite(found, image):
            raise FloatingPointError
        if self._converged or image.grad is None or not image.grad.any():
            self._evaluated = found
            return found
        before = image.clone()
        try:
            self._evaluated = self._line_search(image, before, found, evaluate)
        finally:
            if self._evaluated is None:  # nothing helped, or there was no memory for it
                image.copy_(before)
                self.state.clear()
        return found

    def _line_search(
        self, image: Tensor, before: Tensor, found: Losses, evaluate: Callable[[], Losses]
    ) -> Losses | None:
        """Move the picture and return its losses there; None: no length made the loss fall."""
        self.step(found.loss.detach)  # type: ignore[no-untyped-call]
        state = self.state[image]
        direction = state["d"].view_as(image)
        length, mean = self.param_groups[0]["lr"], float(direction.abs().mean())
        if not state["old_dirs"]:  # that is the gradient, of any length
            length *= FIRST_STEP / mean
        length = min(length, LONGEST_STEP / mean)
        for _ in range(MAX_TRIES):
            torch.add(before, direction, alpha=length, out=image).clamp_(0, 1)
            reached = evaluate()
            if is_finite(reached, image) and reached.loss <= found.loss:
                state["d"], state["t"] = (image - before).flatten(), 1.0
                return reached
            length *= SHRINK
        self._converged = not state["old_dirs"]
        return None


def to_tensors(history: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the state of torch's L-BFGS as tensors, an item of a list as `name.number`."""
    items = {name: item for name, item in history.items() if not isinstance(item, list)}
    for name in ("old_dirs", "old_stps", "ro"):  # `al` is scratch of a step
        items |= {f"{name}.{i}": item for i, item in enumerate(history.get(name, ()))}
    return {
        name: item if isinstance(item, Tensor) else torch.tensor(item, dtype=torch.float64)
        for name, item in items.items()
    }


def from_tensors(flat: Mapping[str, Tensor], device: torch.device) -> dict[str, Any]:
    """Undo `to_tensors`; numbers that were tensors stay numbers, which is the same."""
    history: dict[str, Any] = {"old_dirs": [], "old_stps": [], "ro": []}
    for key in sorted(flat, key=lambda key: int(key.partition(".")[2] or 0)):
        name, _, number = key.partition(".")
        value = flat[key].to(device) if flat[key].ndim else flat[key].item()
        if number:
            history[name].append(value)
        else:
            history[name] = value
    return history
