"""The update of the picture: Adam or L-BFGS, kept within the box, with an average of iterates."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.optimize.lbfgs import LineSearchLBFGS, from_tensors, is_finite, to_tensors
from impasto.optimize.objective import Losses
from impasto.optimize.targets import MOMENTS, Moments
from impasto.settings.choices import DEFAULT_LEARNING_RATE

ADAM_BETAS, EPSILON = (0.8, 0.99), 1e-8
#: Rows of a picture that `Adam` steps at a time.
ROWS = 64
#: Adam's step length stays for HOLD steps of an octave and then falls as step^-DECAY, so that the
#: picture settles. It looks back only: a run of more steps begins like a run of fewer.
HOLD, DECAY = 15, 0.7
#: With a learning rate above the default: a loss this many times the lowest has diverged, and the
#: rate is divided by `RATE_DIVISOR`; the highest rate after that.
DIVERGED, RATE_DIVISOR, MAX_RATE = 2.0, 4.0, 0.25
#: At the end of an octave, a loss this many times the lowest has diverged.
DIVERGED_AT_END = 1.1


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1) of one picture, some rows at a time.

    torch's own imports a compiler when it is first made, which takes a second. Moments are kept in
    `precision`. Steps of bfloat16 are large, so there the second moment may stop 20 % below its
    goal or 39 % above it: a step is up to 12 % longer or 15 % shorter.
    """

    def __init__(self, image: Tensor, rate: float, precision: torch.dtype) -> None:
        self.image, self.rate, self.precision = image, rate, precision
        self.state: dict[Tensor, dict[str, Tensor]] = {}  # as torch's optimizers have it

    @torch.no_grad()
    def step(self) -> None:
        """Take one step."""
        if self.image not in self.state:
            kept = {n: torch.zeros_like(self.image, dtype=self.precision) for n in MOMENTS}
            self.state[self.image] = {**kept, "step": torch.tensor(0.0)}
        state, (first, second) = self.state[self.image], ADAM_BETAS
        gradients: Tensor = self.image.grad  # type: ignore[assignment]
        number = float(state["step"]) + 1
        for top in range(0, self.image.shape[2], ROWS):
            rows = (..., slice(top, top + ROWS), slice(None))
            gradient = gradients[rows]
            mean, square = (state[name][rows].float() for name in MOMENTS)
            mean.lerp_(gradient, 1 - first)
            square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
            if self.precision != torch.float32:  # else they are what was changed
                state["exp_avg"][rows], state["exp_avg_sq"][rows] = mean, square
            scale = (square / (1 - second**number)).sqrt_().add_(EPSILON)
            self.image[rows].addcdiv_(mean, scale, value=-self.rate / (1 - first**number))
        state["step"] += 1


class PixelOptimizer:
    """One picture under optimization, by `"adam"` or `"lbfgs"` (one iteration a step).

    With `low_memory`, Adam's moments are kept in 16 bits, and `result` is the picture itself, which
    the next step changes, where it `shares_memory`.
    """

    def __init__(
        self,
        image: Tensor,  # (1, 3, H, W) in [0, 1]; copied
        name: str,
        learning_rate: float,  # step length; Adam's decays (see `HOLD`)
        ema: float = 0.0,  # decay of the average of iterates, corrected for its start; 0: none
        # Adam's state from the octave before; resized to this picture. L-BFGS starts anew: its
        # history belongs to the old number of pixels.
        moments: Moments | None = None,
        *,
        low_memory: bool = False,
        rate_factor: float = 1.0,  # of the learning rate, below 1 once it was found too high
    ) -> None:
        self.low_memory, self.rate_factor, self.ema = low_memory, rate_factor, ema
        self.shares_memory = low_memory and not ema
        self._precision = torch.bfloat16 if low_memory else torch.float32
        self.image = image.detach().clone().contiguous().requires_grad_()
        self._average = torch.zeros_like(self.image, requires_grad=False) if ema else None
        self._weight = 0.0
        self._learning_rate, self._steps = learning_rate, 0
        self._optimizer: LineSearchLBFGS | Adam
        if name == "lbfgs":
            self._optimizer = LineSearchLBFGS(self.image, learning_rate)
        else:
            self._optimizer = Adam(self.image, learning_rate, self._precision)
        # Longer steps than usual may diverge: the best picture is kept.
        self.backtracks = name == "adam" and learning_rate > DEFAULT_LEARNING_RATE[name]
        self._best = self.image.detach().clone() if self.backtracks else None
        self._lowest = math.inf
        if name == "adam" and moments is not None:
            self._set_moments(_resized(moments, self.image, self._precision))

    def step(self, backward: Callable[[], Losses]) -> Losses:
        """Take one step within [0, 1]; return the losses of the picture before it.

        `backward` adds the gradient to that of `image`. Where loss or gradient are not finite, the
        picture stays as it is, and there is a `FloatingPointError`.
        """

        def evaluate() -> Losses:
            self.image.grad = None
            with torch.enable_grad():
                return backward()

        if isinstance(self._optimizer, LineSearchLBFGS):
            found = self._optimizer.take_step(evaluate)
        else:
            found = evaluate()
            if not is_finite(found, self.image):
                raise FloatingPointError
            if not self.backtrack(found):
                rate = self._learning_rate * self.rate_factor
                decay = min(1.0, HOLD / (self._steps + 1)) ** DECAY
                self._optimizer.rate = rate * decay
                self._optimizer.step()
                with torch.no_grad():
                    self.image.clamp_(0, 1)
        self._steps += 1  # not if memory ran out: the step is then repeated
        if self._average is not None:
            self._average.lerp_(self.image.detach(), 1 - self.ema)
            self._weight += (1 - self.ema) * (1 - self._weight)
        return found

    def backtrack(self, found: Losses, diverged: float = DIVERGED) -> bool:
        """Go back to the best picture, with a smaller rate, if the loss diverged; tell whether.

        Only with a higher learning rate than the default. It has diverged where the loss of the
        present picture is more than `diverged` times the lowest.
        """
        if self._best is None:
            return False
        loss = float(found.loss.detach())
        if loss <= self._lowest:
            self._lowest = loss
            self._best.copy_(self.image.detach())
        if loss <= diverged * self._lowest:
            return False
        rate = self._learning_rate * self.rate_factor
        self.rate_factor *= min(1 / RATE_DIVISOR, MAX_RATE / rate)
        self._optimizer.state.clear()
        with torch.no_grad():
            self.image.copy_(self._best)
        if self._average is not None:
            self._average.zero_()
            self._weight = 0.0
        return True

    def result(self) -> Tensor:
        """Return the present picture, or the average of iterates; see `shares_memory`."""
        if self._average is None or not self._weight:
            image = self.image.detach()
            return image if self.shares_memory else image.clone()
        return (self._average / self._weight).clamp(0, 1)

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that a run is resumed from, by name."""
        kept = {"image": self.image.detach(), "steps": torch.tensor(self._steps)}
        if self._average is not None:
            weight = torch.tensor(self._weight, dtype=torch.float64)
            kept |= {"average": self._average, "weight": weight}
        if self._best is not None:
            numbers = torch.tensor([self._lowest, self.rate_factor], dtype=torch.float64)
            kept |= {"best": self._best, "guard": numbers}
        moments = self.moments() or to_tensors(self._optimizer.state.get(self.image, {}))
        return kept | {f"moments.{name}": value for name, value in moments.items()}

    def load_state_dict(self, kept: Mapping[str, Tensor]) -> None:
        """Resume what `state_dict` returned."""
        self._steps = int(kept["steps"])
        with torch.no_grad():
            self.image.copy_(kept["image"])
        if self._average is not None:
            self._average.copy_(kept["average"])
            self._weight = float(kept["weight"])
        if self._best is not None:
            self._best.copy_(kept["best"])
            self._lowest, self.rate_factor = kept["guard"].tolist()
        prefix = "moments."
        moments = {n.removeprefix(prefix): t for n, t in kept.items() if n.startswith(prefix)}
        if "exp_avg" in moments:
            self._set_moments(moments)
        elif moments:
            self._optimizer.state[self.image] = from_tensors(moments, self.image.device)

    def _set_moments(self, moments: Moments) -> None:
        """Continue with moments of Adam, on this picture's device and in its own precision."""
        device = self.image.device
        kept = {n: t.to(device, self._precision) for n, t in moments.items() if n != "step"}
        self._optimizer.state[self.image] = {**kept, "step": moments["step"].float().cpu()}

    def moments(self) -> Moments | None:
        """Return Adam's state for the next octave; None before the first step and for L-BFGS."""
        state = self._optimizer.state.get(self.image)
        return state if state and "exp_avg" in state else None


def _resized(moments: Moments, image: Tensor, precision: torch.dtype) -> dict[str, Any]:
    """Resize Adam's moments as Crowson's style-transfer-pytorch does.

    The relative losses do not grow with the picture, so a pixel's gradient shrinks as the pixels
    become more: the moments are scaled by that ratio, which Crowson leaves out.
    """
    old: Tensor = moments["exp_avg"]
    size = image.shape[2:]
    ratio = old.shape[2:].numel() / size.numel()
    # One after the other: of a large picture there is no room for both in 32 bits.
    mean = F.interpolate(old.float(), size, mode="bicubic", align_corners=False)
    mean = mean.mul_(ratio).to(precision)
    square = F.interpolate(moments["exp_avg_sq"].float(), size, mode="bilinear")
    square = square.mul_(ratio**2).to(precision)
    return {"step": moments["step"].clone(), "exp_avg": mean, "exp_avg_sq": square}
