"""The loop of the optimization: octaves, steps, losses (Gatys et al. 2016, from coarse to fine)."""

import math
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import ImpastoError, SettingsError
from impasto.images import Picture, Source, identify_opened, open_for_role
from impasto.machine import give_back_memory
from impasto.optimize.backward import backward, take_step
from impasto.optimize.objective import Losses, Objective
from impasto.optimize.optimizers import DIVERGED_AT_END, PixelOptimizer
from impasto.optimize.plan import (
    TIMED,
    is_out_of_memory,
    make_plan,
    pixels_seen,
    plan_tiles,
    probed_size,
)
from impasto.optimize.pyramid import enlarge, octave_sizes, to_tensor
from impasto.optimize.schedule import LAST_RATE, Octave, Schedule, octaves_of
from impasto.optimize.style_targets import StyleReader
from impasto.optimize.targets import MOMENTS, Moments, TargetBuilder
from impasto.runs import Carried, Plan, Reference, Run, State, StateDict

#: Pixels above which an octave keeps near the result of the one before.
SMALL = 300_000


class IterativeRun(Run):
    """One content on its way through the octaves; for its arguments see `IterativeStylizer.run`."""

    def __init__(
        self,
        reader: StyleReader,
        source: Source,
        started: float | None = None,
        start: Run | None = None,
        reference: Reference | None = None,
    ) -> None:
        self.reader, self.settings, self.device = reader, reader.settings, reader.device
        self.started = time.monotonic() if started is None else started
        picture = open_for_role(source, "content", self.settings.size_limit, self.settings)
        longest, coarsest = self.settings.size_limit, self.settings.coarsest
        sizes = octave_sizes(picture.size, longest, coarsest, reader.shortest_side)
        self.octaves = octaves_of(sizes, self.settings.encoders)
        self.tiles = plan_tiles(self.octaves, reader)
        sides = zip(self.octaves, self.tiles.sides, strict=True)
        pixels = [pixels_seen(each, reader, s) for each, s in sides]
        self.schedule = Schedule(self.octaves, self.settings, self.started, pixels)
        identity = identify_opened(picture, source)
        self.builder = TargetBuilder(reader, picture.resized(sizes[-1]), identity, reference, start)
        self.state: State | None = None
        self.optimizer: PixelOptimizer | None = None
        self.coarse_target: Tensor | None = None
        self.rate_factor = 1.0
        self._saved: StateDict | None = None
        self._steps = self._run()

    def __next__(self) -> State:
        """Take a step."""
        self.state = next(self._steps)
        return self.state

    def _run(self) -> Iterator[State]:
        """Go through the octaves, coarse to fine."""
        if self.settings.strength == 0:  # the photograph itself
            steps = tuple(self.schedule.steps)
            photo = to_tensor(self.builder.filled, self.octaves[-1].size, self.device).clone()
            yield self._state(len(steps) - 1, steps[-1], sum(steps), photo)
            return
        saved, self._saved = self._saved, None
        done: int = saved["done"] if saved else 0
        image: Tensor | None = None
        moments = self.builder.moments
        reached: tuple[int, int, int, Tensor] | None = None
        for number in range(len(self.octaves)):
            if (saved and number < saved["octave"]) or not self.schedule.should_run(number):
                continue
            self.coarse_target = saved["tensors"].get("coarse_target") if saved else image
            image = saved["tensors"]["image"] if saved else image
            optimizer = self.optimizer = self._optimizer(image, moments, number)
            if saved:
                optimizer.load_state_dict(saved["tensors"])
            step: int = saved["step"] if saved else 0
            saved, moments = None, None
            objective: Objective | None = None
            losses: Losses | None = None
            while step < self.schedule.steps[number] and done + step != self.settings.stop_after:
                step += 1
                begun = time.monotonic()
                objective, losses = self._step(number, objective, optimizer, done + step)
                loss = float(losses.loss.detach())  # waits for the device
                self.schedule.record_time(number, step, time.monotonic() - begun)
                self.schedule.record_loss(number, step, loss)
                yield self._state(number, step, done + step, optimizer.result(), losses)
            self._end_octave(objective, optimizer, done + step)
            reached = number, step, done + step, optimizer.result()
            if done + step == self.settings.stop_after:
                break
            objective = losses = None  # before the next octave's, which are larger
            done, image, moments = done + step, optimizer.result(), optimizer.moments()
            optimizer.image.grad = None
        if self.state is None and reached is not None:  # resumed where it had ended
            yield self._state(*reached)

    def _step(
        self, number: int, objective: Objective | None, optimizer: PixelOptimizer, step: int
    ) -> tuple[Objective, Losses]:
        """Take a step; where memory does not suffice, in smaller tiles."""
        octave = self.octaves[number]
        while True:
            try:
                objective = objective or self.objective(octave, self.tiles.sides[number])
                return objective, take_step(objective, optimizer, step)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                smaller = self.tiles.smaller(number, max(octave.size))
                if smaller is None:
                    raise ImpastoError(
                        f"there is not enough memory at {octave.size[0]}x{octave.size[1]} pixels: "
                        "close other programs, or choose a smaller size"
                    ) from error
            objective, optimizer.image.grad, self.tiles = None, None, smaller

    def _end_octave(
        self, objective: Objective | None, optimizer: PixelOptimizer, step: int
    ) -> None:
        """Go back to the best picture if the last steps made it worse."""
        if self.state and objective and optimizer.backtracks:
            reached = backward(objective, optimizer.image, None, step)
            if optimizer.backtrack(reached, DIVERGED_AT_END):
                self.state = replace(self.state, image=optimizer.result())
        self.rate_factor = optimizer.rate_factor

    def _state(
        self, number: int, step: int, done: int, image: Tensor, losses: Losses | None = None
    ) -> State:
        parts = {} if losses is None else losses._asdict()
        return State(
            octave=number + 1,
            octaves=len(self.octaves),
            step=step,
            steps=tuple(self.schedule.steps),
            done=done,
            size=self.octaves[number].size,
            seconds=time.monotonic() - self.started,
            image=image,
            **{name: float(part.detach()) for name, part in parts.items()},
        )

    def objective(self, octave: Octave, side: int | None) -> Objective:
        """Return what an octave minimizes, seen in tiles of this side; None: whole."""
        if side is not None:
            give_back_memory()
        coarse = self.coarse_target if octave.size[0] * octave.size[1] > SMALL else None
        targets = self.builder.targets(octave, (side, self.tiles.style), coarse)
        objective = Objective(self.reader.encoders[octave.encoder], self.settings, targets, side)
        if side is not None:  # pieces of other sizes than a step's
            give_back_memory()
        return objective

    def _optimizer(
        self, image: Tensor | None, moments: Moments | None, number: int
    ) -> PixelOptimizer:
        settings, octave = self.settings, self.octaves[number]
        low_memory = self.tiles.sides[number] is not None
        continues = octave.repeats_size or self.builder.moments is not None
        rate = settings.step_length * (LAST_RATE if continues else 1)
        begun = self.builder.initial(octave.size) if image is None else enlarge(image, octave.size)
        how = (settings.optimizer, rate, settings.ema, moments)
        return PixelOptimizer(begun, *how, low_memory=low_memory, rate_factor=self.rate_factor)

    @property
    def plan(self) -> Plan:
        """Octaves, tiles, memory and seconds, told after a few steps at a small size."""
        rates = {name: self._seconds_a_pixel(name) for name in self.reader.encoders}
        return make_plan(self.octaves, self.schedule.steps, self.tiles, self.reader, rates)

    def _seconds_a_pixel(self, encoder: str) -> float:
        """Time some steps at a small size, seen whole; return the seconds of one of its pixels."""
        size = probed_size(self.octaves, self.tiles, self.reader.shortest_side, encoder)
        objective, settings = self.objective(Octave(size, encoder), None), self.settings
        content = objective.targets.content
        optimizer = PixelOptimizer(content, settings.optimizer, settings.step_length)
        seconds = []
        for step in range(TIMED + 1):
            begun = time.monotonic()
            float(take_step(objective, optimizer, step).loss.detach())  # waits for the device
            seconds.append(time.monotonic() - begun)
        return statistics.median(seconds[1:]) / math.prod(size)

    @property
    def pixels(self) -> NDArray[np.float32]:
        """(H, W, 3) in [0, 1], the result as it stands."""
        return self.builder.final_pixels(self._current().image)

    @property
    def picture(self) -> Picture:
        """The result as it stands, with its recipe."""
        state = self._current()  # first: it may take a step, and that smaller tiles
        content, settings = self.builder.content, self.settings
        return replace(
            content,
            pixels=self.builder.final_pixels(state.image),
            bits=settings.bits or content.bits,
            exif=content.exif if settings.keep_exif else None,
            recipe=self.builder.recipe(state, [*self.tiles.sides, self.tiles.style]),
        )

    @property
    def carried(self) -> Carried:
        """What the next frame of a video needs: where faces are, and the optimizer's state."""
        moments = None if self.optimizer is None else self.optimizer.moments()
        carried = dict(self.builder.composition.carried)
        if moments is not None:
            carried |= {n: moments[n][0].permute(1, 2, 0).float().cpu().numpy() for n in MOMENTS}
            carried["step"] = moments["step"].cpu().numpy()
        return carried

    @property
    def notes(self) -> Sequence[str]:
        """How many faces are kept, and whether the learning rate was too high."""
        rate_factor = self.rate_factor if self.optimizer is None else self.optimizer.rate_factor
        notes, rate = [*self.builder.composition.notes], self.settings.step_length
        if rate_factor < 1:
            notes.append(
                f"the losses grew with a learning rate of {rate:g}: it was reduced to "
                f"{rate * rate_factor:.2g}, and the steps that made it worse were undone"
            )
        return notes

    def _current(self) -> State:
        state = self.state or next(self)
        if self.optimizer is None or not self.optimizer.shares_memory:
            return state
        # Stopped in the middle of a step, some rows are a step ahead, perhaps beyond 1.
        return replace(state, image=state.image.clone().clamp_(0, 1))

    def _key(self) -> dict[str, Any]:
        return {"settings": self.settings.to_dict(), "inputs": repr(self.builder.inputs)}

    def state_dict(self) -> StateDict:
        """Return picture, momenta and where the run is; about 40 bytes a pixel."""
        if self.state is None or self.optimizer is None:  # not begun, or at strength 0
            return {}
        tensors = self.optimizer.state_dict()
        tensors |= {} if self.coarse_target is None else {"coarse_target": self.coarse_target}
        return {
            "key": self._key(),
            "octave": self.state.octave - 1,
            "step": self.state.step,
            "done": self.state.done - self.state.step,
            "steps": list(self.schedule.steps),
            "losses": self.schedule.losses,
            "tensors": tensors,
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Resume: on the same machine, seen whole and without a time limit, to the same bytes."""
        if state.get("key") != self._key():
            raise SettingsError("the saved run has other pictures or settings")
        # Copies: the run changes its tensors, and the state is the caller's.
        tensors = {n: each.to(self.device, copy=True) for n, each in state["tensors"].items()}
        state = {**state, "tensors": tensors}
        self.schedule.resume(state["steps"], state["octave"], state["losses"])
        self._saved = state
