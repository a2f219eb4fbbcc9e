"""One content on its way through the octaves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from impasto.errors import ImpastoError
from impasto.images import Picture, Source, identify, open_for_role
from impasto.machine import give_back_memory, memory_kept
from impasto.networks import Encoder
from impasto.optimize.anchors import Anchors
from impasto.optimize.checkpoints import Checkpoint, Saved
from impasto.optimize.memory import is_out_of_memory, out_of_memory, pixels_seen, plan_views
from impasto.optimize.objective import Losses, Objective, wants_whole_layers
from impasto.optimize.optimizers import Moments, PixelOptimizer
from impasto.optimize.plan import LAST_RATE, Octave, Schedule, octaves_of
from impasto.optimize.pyramid import enlarge, octave_sizes, to_tensor
from impasto.optimize.results import Inputs, Result
from impasto.optimize.scene import Scene
from impasto.optimize.tiling import descend
from impasto.states import State

if TYPE_CHECKING:
    from impasto.optimize.stylizer import IterativeStylizer


#: Pixels up to which an octave may still change the forms of the one before.
SMALL = 300_000
#: Diagonal neighbors follow each other, so that two steps see every row and column.
PHASE_ORDER = (0, 3, 1, 2)


class Run:
    """One content on its way through the octaves.

    Args:
        stylizer: Which paints: its settings, styles and encoder.
        content: The picture, not a pipe.
        started: `time.monotonic()` from which a time limit counts.
        start: What makes the picture to start from out of the content; None: the settings say.
        anchors: Pictures to stay near, and how much that counts.
        checkpoint: A file to save the run in from time to time, and to go on from.
    """

    def __init__(
        self,
        stylizer: IterativeStylizer,
        content: Source,
        started: float,
        start: Callable[[Picture], Picture] | None = None,
        anchors: Anchors | None = None,
        checkpoint: Path | None = None,
    ) -> None:
        self.stylizer, self.settings = stylizer, stylizer.settings
        self.device, self.started = stylizer.device, started
        picture = open_for_role(content, "content", self.settings.size, self.settings)
        sizes = octave_sizes(
            picture.size, self.settings.size, self.settings.coarsest, stylizer.narrowest
        )
        self.size, self.octaves = sizes[-1], octaves_of(sizes, self.settings.encoders)
        self.views = plan_views(
            self.octaves, stylizer.encoders, self.settings, stylizer.precision, self.device
        )
        self.whole = wants_whole_layers(self.settings)
        looked_at = [
            pixels_seen(octave, stylizer.encoders[octave.encoder].reach, side)
            for octave, side in zip(self.octaves, self.views.sides, strict=True)
        ]
        self.schedule = Schedule(self.octaves, self.settings, started, looked_at)
        self.content = picture.resized(self.size)
        begun = start(self.content) if start else None
        self.scene = Scene(stylizer, self.content, anchors or Anchors(), begun)
        self.result = self._result(content)
        self.forms: Tensor | None = None
        self.done = 0  # steps that were taken, of the state that was yielded last
        self.checkpoint = None
        if checkpoint is not None:
            inputs = self.result.inputs
            key = {"settings": self.settings.to_dict(), "inputs": repr(inputs)}
            self.checkpoint = Checkpoint(checkpoint, key)

    def _result(self, content: Source) -> Result:
        composition = self.scene.composition
        files = {
            "init": self.scene.started_with,
            "keep": composition.kept,
            "fine_style": self.stylizer.fine_identity,
        }
        there = {role: each for role, each in files.items() if each is not None}
        return Result(
            content=self.content,
            size=self.size,
            inputs=Inputs(
                identify(content), self.stylizer.identities, there, composition.identities
            ),
            encoders=list(self.stylizer.encoders.values()),
            precision=self.stylizer.precision,
            device=self.device,
            settings=self.settings,
            keep=composition.keep,
        )

    def states(self) -> Iterator[State]:
        """Go through the octaves, coarse to fine."""
        # Pieces that are kept are not always of use: where memory is short they are given back.
        kept = self.device.type == "cpu" and all(side is None for side in self.views.sides)
        with memory_kept() if kept else nullcontext():
            yield from self._states()

    def _states(self) -> Iterator[State]:
        if self.settings.strength == 0:
            yield self._untouched()
            return
        saved = self.checkpoint.load() if self.checkpoint else None
        if saved is not None:
            self.schedule.go_on(saved.steps, saved.octave, saved.losses)
        done = saved.done if saved else 0
        image, moments = None, None
        for number in range(len(self.octaves)):
            if (saved and number < saved.octave) or not self.schedule.enters(number):
                continue
            self.forms = saved.tensors.get("forms") if saved else image
            if self.forms is not None:
                self.forms = self.forms.to(self.device)
            optimizer = self._optimizer(image, moments, number, saved)
            step = saved.step if saved else 0
            saved, moments = None, None  # a large picture is not kept twice
            for state in self._octave(number, optimizer, done, step):
                yield state
                if state.done == self.settings.stop_after:
                    self._ended()
                    return
            done, image, moments = state.done, state.image, optimizer.moments()
            optimizer.image.grad = None
        self._ended()

    def _ended(self) -> None:
        if self.checkpoint is not None:
            self.checkpoint.remove()

    def _octave(
        self, number: int, optimizer: PixelOptimizer, done: int, step: int
    ) -> Iterator[State]:
        objective = None
        while step < self.schedule.steps[number]:
            step += 1
            begun = time.monotonic()
            objective, losses = self._stepped(number, objective, optimizer, done + step)
            loss = float(losses.total.detach())  # waits for the device
            self.schedule.took(number, step, time.monotonic() - begun)
            self.schedule.saw(number, step, loss)
            last = step == self.schedule.steps[number]
            if self.checkpoint is not None and self.checkpoint.is_due() and not last:
                tensors = optimizer.kept()
                tensors |= {} if self.forms is None else {"forms": self.forms}
                steps = tuple(self.schedule.steps)
                saved = Saved(number, step, done, steps, self.schedule.losses, tensors)
                self.checkpoint.save(saved)
            self.done = done + step
            yield self._state(number, step, losses, optimizer)

    def _stepped(
        self, number: int, objective: Objective | None, optimizer: PixelOptimizer, step: int
    ) -> tuple[Objective, Losses]:
        """Take a step; where memory does not suffice, in smaller tiles."""
        octave = self.octaves[number]
        while True:
            try:
                objective = objective or self.objective(octave, self.views.sides[number])
                phase = self.phase(objective.encoder, step)
                return objective, take_step(objective, optimizer, phase, step)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                smaller = self.views.smaller(number, max(octave.size))
                if smaller is None:
                    raise out_of_memory(octave) from error
            objective, optimizer.image.grad, self.views = None, None, smaller

    def _state(self, number: int, step: int, losses: Losses, optimizer: PixelOptimizer) -> State:
        parts = (losses.total, losses.content, losses.style, losses.tv)
        total, content, style, tv = (float(part.detach()) for part in parts)
        return State(
            octave=number + 1,
            octaves=len(self.octaves),
            step=step,
            steps=tuple(self.schedule.steps),
            done=self.done,
            size=self.octaves[number].size,
            seconds=time.monotonic() - self.started,
            loss=total,
            content_loss=content,
            style_loss=style,
            tv_loss=tv,
            image=optimizer.result(),
            finish=self._finish(optimizer.shares),
        )

    def _finish(self, shares: bool) -> Callable[[State], Picture]:
        """Return what makes the result of a state; where memory is short, of the last one only."""
        result = replace(self.result, sides=(*self.views.sides, self.views.style))
        if not shares:
            return result.picture

        def finish(state: State) -> Picture:
            if state.done != self.done:
                raise ImpastoError(
                    f"the picture of step {state.done} is gone: one so large is not copied at "
                    "each step, so take it before the next step"
                )
            # Who stops it in the middle of a step has a few rows a step ahead, perhaps beyond 1.
            return result.picture(replace(state, image=state.image.clone().clamp_(0, 1)))

        return finish

    def _untouched(self) -> State:
        """Return the state of a run that has nothing to do: strength 0 is the photograph."""
        steps = tuple(self.schedule.steps)
        return State(
            octave=len(self.octaves),
            octaves=len(self.octaves),
            step=steps[-1],
            steps=steps,
            done=sum(steps),
            size=self.size,
            seconds=time.monotonic() - self.started,
            image=to_tensor(self.scene.filled, self.size, self.device).clone(),
            finish=self.result.picture,
        )

    def objective(self, octave: Octave, side: int | None) -> Objective:
        """Return what an octave minimizes, seen in tiles of this side; None: whole."""
        if side is not None:
            give_back_memory()
        forms = self.forms if octave.size[0] * octave.size[1] > SMALL else None
        wanted = self.scene.wanted(octave, side, self.views.style, forms)
        encoder = self.stylizer.encoders[octave.encoder]
        objective = Objective(encoder, self.settings, wanted, side)
        if side is not None:  # pieces of other sizes than a step's
            give_back_memory()
        return objective

    def _optimizer(
        self, image: Tensor | None, moments: Moments | None, number: int, saved: Saved | None
    ) -> PixelOptimizer:
        settings, octave = self.settings, self.octaves[number]
        lean = self.views.sides[number] is not None
        rate = settings.step_length * (LAST_RATE if octave.again else 1)
        if saved is not None:
            image = saved.tensors["image"].to(self.device)
        begun = self.scene.initial(octave.size) if image is None else enlarge(image, octave.size)
        optimizer = PixelOptimizer(
            begun, settings.optimizer, rate, settings.ema, moments, lean=lean
        )
        if saved is not None:
            optimizer.go_on(saved.tensors)
        return optimizer

    def phase(self, encoder: Encoder, step: int) -> int | None:
        """Return which part of the encoder's largest layers this step looks at."""
        if self.whole or encoder.phases == 1:
            return None
        return PHASE_ORDER[step % len(PHASE_ORDER)]


def take_step(
    objective: Objective, optimizer: PixelOptimizer, phase: int | None, step: int
) -> Losses:
    """Take one step and return the losses of the picture it started from."""
    measured: list[Losses] = []

    def closure() -> Tensor:
        measured.append(descend(objective, optimizer.image, phase, step))
        total = measured[-1].total.detach()
        if not math.isfinite(total):  # before the picture is changed
            raise ImpastoError(
                f"the losses left all bounds at step {step}: choose a smaller learning rate"
            )
        return total

    optimizer.step(closure)
    return measured[0]
