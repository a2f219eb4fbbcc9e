"""What a run will take: octaves, tiles, memory and seconds, told after a short probe."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from impasto.images import fitted_size
from impasto.optimize.memory import pixels_seen
from impasto.optimize.optimizers import PixelOptimizer
from impasto.optimize.plan import FINISH, SETUP_STEPS, Octave
from impasto.optimize.run import Run, take_step
from impasto.optimize.tiles import tiles_of

#: Longest side of the picture that is probed, in pixels, and the steps that are timed there.
_PROBE, _TIMED = 512, 3


@dataclass(frozen=True)
class Forecast:
    """What a run will take.

    Attributes:
        octaves: Coarse to fine.
        steps: Of each; fewer, where an octave settles early.
        sides: Longest side of the tiles of each; None: it is seen whole.
        bytes: Of memory, at the peak.
        seconds: From the beginning of the work to the saved picture, the program having started;
            under a time limit, that.
        where: With what it computes: `cpu, 2 threads, bfloat16`.
    """

    octaves: Sequence[Octave]
    steps: Sequence[int]
    sides: Sequence[int | None]
    bytes: float
    seconds: float
    where: str

    def lines(self) -> list[str]:
        """Return it in words."""
        lines = []
        for octave, steps, side in zip(self.octaves, self.steps, self.sides, strict=True):
            tiles = len(tiles_of(octave.size, side, 0))
            seen = "" if tiles == 1 else f", in {tiles} tiles of at most {side} pixels"
            lines.append(
                f"{octave.size[0]}x{octave.size[1]}: {steps} steps of {octave.encoder}{seen}"
            )
        minutes, seconds = divmod(round(self.seconds), 60)
        took = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        return [*lines, f"about {took} and {self.bytes / 2**30:.1f} GiB; {self.where}"]


def forecast(run: Run, where: str) -> Forecast:
    """Return what a run will take, after a few steps at a small size.

    Args:
        run: Which has not begun.
        where: With what it computes, in words.
    """
    rates = {name: _seconds_a_pixel(run, name) for name in run.stylizer.encoders}
    total = FINISH * run.size[0] * run.size[1] / 1e6
    for octave, steps, side in zip(run.octaves, run.schedule.steps, run.views.sides, strict=True):
        pixels = pixels_seen(octave, run.stylizer.encoders[octave.encoder].reach, side)
        total += (steps + SETUP_STEPS) * pixels * rates[octave.encoder]
    seconds = run.settings.time or total
    planned = tuple(run.schedule.steps)
    return Forecast(run.octaves, planned, run.views.sides, run.views.bytes, seconds, where)


def _seconds_a_pixel(run: Run, encoder: str) -> float:
    """Time some steps and return the seconds of one of its pixels."""
    # Not too narrow for the deepest layers, nor larger than what the run looks at at once.
    least = math.ceil(run.stylizer.narrowest * max(run.size) / min(run.size))
    seen = zip(run.octaves, run.views.sides, strict=True)
    most = max(side or max(each.size) for each, side in seen if each.encoder == encoder)
    size = fitted_size(run.size, min(max(min(_PROBE, most), least), max(run.size)))
    octave = Octave(size, encoder)
    objective = run.objective(octave, None)
    image = objective.wanted.content
    optimizer = PixelOptimizer(image, run.settings.optimizer, run.settings.step_length)
    took = []
    for step in range(_TIMED + 1):
        begun = time.monotonic()
        losses = take_step(objective, optimizer, run.phase(objective.encoder, step), step)
        float(losses.total.detach())  # waits for the device
        took.append(time.monotonic() - begun)
    return statistics.median(took[1:]) / (size[0] * size[1])
