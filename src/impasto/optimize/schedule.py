"""How many steps each octave takes: as asked for, by default, or as a time limit allows."""

import math
import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

from impasto.errors import SettingsError
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS
from impasto.settings.methods import method_of

#: Steps of the octaves from the coarsest on; all finer ones take the last number. Chosen by looking
#: and judging at 512 pixels.
DEFAULT_STEPS = (26, 28, 16, 10)
#: With one octave only; and with one that begins where a fast network ended.
LONE_STEPS, WARM_STEPS = 60, 20
#: A second encoder (`pocket+vgg19`) takes this many steps after the first one, at the
#: size of the last octave and at this part of the usual learning rate, as frames of a video do.
LAST_STEPS, LAST_RATE = 10, 0.4
#: Seconds to finish and save a million pixels; and to start and leave a process.
FINISH, PROCESS = 0.35, 0.85
#: Preparing an octave (targets of content and style, first allocation) costs as much as this many
#: of its steps.
SETUP_STEPS = 2.0
#: Under a time limit, an octave that cannot take this many steps is left out.
LEAST_STEPS = 3
#: An octave is settled when the losses of its last WINDOW steps lie within this part of their mean.
#: A loss that swings is not settled: it still falls in the end, when the steps become short.
WINDOW, SETTLED = 16, 0.01


class Octave(NamedTuple):
    """A size of the pyramid, (width, height), and the name of the encoder of its losses."""

    size: tuple[int, int]
    encoder: str
    #: Whether the octave before has the same size, with another encoder.
    repeats_size: bool = False


def octaves_of(sizes: Sequence[tuple[int, int]], encoders: Sequence[str]) -> list[Octave]:
    """Return the octaves: all sizes with the first encoder, the last size again with any other."""
    first, *others = encoders
    again = [Octave(sizes[-1], other, repeats_size=True) for other in others]
    return [*(Octave(size, first) for size in sizes), *again]


def default_steps(octaves: Sequence[Octave], warm: bool = False) -> tuple[int, ...]:
    """Return the steps of each octave; fewer for one alone whose start is `warm`."""
    sizes = sum(not octave.repeats_size for octave in octaves)
    numbers = [*DEFAULT_STEPS, *DEFAULT_STEPS[-1:] * sizes][:sizes]
    if sizes == 1:
        numbers = [WARM_STEPS if warm else LONE_STEPS]
    return (*numbers, *[LAST_STEPS] * (len(octaves) - sizes))


def split(total: int, octaves: Sequence[Octave], warm: bool = False) -> tuple[int, ...]:
    """Divide a number of steps among octaves, in proportion to the default."""
    shares = default_steps(octaves, warm)
    ends = [round(total * sum(shares[: i + 1]) / sum(shares)) for i in range(len(shares))]
    return tuple(end - start for start, end in zip([0, *ends], ends, strict=False))


class Schedule:
    """The steps of each octave; with a time limit, found during the run from the measured speed.

    The first steps of an octave do not depend on how many follow: so a timed run can be made again
    from its numbers of steps. The
    limit is counted from `started`, of `time.monotonic()`; a step of each octave encodes so many
    `pixels`; None: those of the octave.
    """

    def __init__(
        self,
        octaves: Sequence[Octave],
        settings: Settings,
        started: float,
        pixels: Sequence[float] | None = None,
    ) -> None:
        pixels = pixels or [math.prod(octave.size) for octave in octaves]
        self.costs = [n * ENCODERS[o.encoder].cost for n, o in zip(pixels, octaves, strict=True)]
        warm = method_of(settings.method).warm
        self.steps = list(_planned(settings.steps, octaves, warm))
        self.default = default_steps(octaves, warm)
        self._seconds: list[float] = []
        self._octave = 0
        #: Of the octave at hand, those that tell whether it has settled.
        self.losses: list[float] = []
        self.settles = settings.steps is None and settings.time is None
        self.deadline = None
        if settings.time is not None:
            megapixels = math.prod(octaves[-1].size) / 1e6
            self.deadline = started + settings.time - (FINISH * megapixels + PROCESS)

    def should_run(self, octave: int) -> bool:
        """Tell whether an octave (from 0) is worth preparing: it has steps, and time for them."""
        if self.deadline is not None and self._seconds:
            needed = (SETUP_STEPS + 1) * self._estimate(octave)
            if time.monotonic() + needed > self.deadline:
                self.steps[octave:] = [0] * (len(self.steps) - octave)
        return self.steps[octave] > 0

    def resume(self, steps: Sequence[int], octave: int, losses: Sequence[float]) -> None:
        """Restore the plan of a run that was saved in an octave, with its `losses`."""
        self.steps[:] = steps
        self._octave, self.losses = octave, list(losses)

    def record_time(self, octave: int, step: int, seconds: float) -> None:
        """Note the time of a step (from 1) and, with a time limit, plan anew."""
        if self.deadline is None:
            return
        if octave != self._octave:
            self._octave, self._seconds = octave, []
        self._seconds.append(seconds)
        now = time.monotonic()
        if now + 0.5 * self._estimate(octave) > self.deadline:
            self.steps[octave:] = [step] + [0] * (len(self.steps) - octave - 1)
        elif step > 1:
            self._replan(octave, step, self.deadline - now)

    def record_loss(self, octave: int, step: int, loss: float) -> None:
        """Note the loss of a step (from 1) and end the octave early once it has settled.

        Only where nobody asked for steps or a time. The recipe has the steps that were taken.
        """
        self.losses = [*(self.losses if step > 1 else []), loss][-WINDOW:]
        settled = max(self.losses) - min(self.losses) <= SETTLED * statistics.mean(self.losses)
        if self.settles and settled and len(self.losses) == WINDOW:
            self.steps[octave] = step

    def _replan(self, octave: int, step: int, left: float) -> None:
        """Scale the default numbers of steps so that they fill the time that is left.

        Octaves at the end whose share is less than a few steps leave their time to the others.
        """
        seconds = [self._estimate(i) for i in range(len(self.steps))]
        left += step * seconds[octave]
        for last in range(len(self.steps) - 1, octave - 1, -1):
            ahead = range(octave + 1, last + 1)
            free = left - sum(SETUP_STEPS * seconds[i] for i in ahead)
            if last == octave or self._share(octave, last, free, seconds) >= LEAST_STEPS:
                break
        planned = []
        # From the end on, rounded down: time that is left over goes to cheaper steps before it.
        for i in reversed(ahead):
            planned.append(max(LEAST_STEPS, self._share(octave, i, free, seconds)))
            free -= planned[-1] * seconds[i]
        own = max(step, round(free / seconds[octave]))
        self.steps[octave:] = [own, *reversed(planned), *[0] * (len(self.steps) - last - 1)]

    def _share(self, first: int, last: int, free: float, seconds: Sequence[float]) -> int:
        """Return the steps of octave `last` where `first` to `last` divide `free` seconds."""
        usual = sum(self.default[i] * seconds[i] for i in range(first, last + 1))
        return int(self.default[last] * free / usual)

    def _estimate(self, octave: int) -> float:
        """Return the seconds of a step; the first also allocates: it counts only while alone."""
        measured = self._seconds[1:][-9:] or self._seconds
        return statistics.median(measured) * self.costs[octave] / self.costs[self._octave]


def _planned(steps: Sequence[int] | None, octaves: Sequence[Octave], warm: bool) -> tuple[int, ...]:
    if steps is None:
        return default_steps(octaves, warm)
    asked = split(steps[0], octaves, warm) if len(steps) == 1 else tuple(steps)
    if len(asked) != len(octaves):
        raise SettingsError(
            f"steps has {len(asked)} numbers, but there are {len(octaves)} octaves at this size: "
            f"give {len(octaves)}, or one for all together"
        )
    if not sum(asked):
        raise SettingsError("steps must be at least 1 in all")
    return asked
