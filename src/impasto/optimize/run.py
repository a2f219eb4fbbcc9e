"""One content on its way through the octaves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from impasto.errors import ImpastoError, SettingsError
from impasto.images import (
    Identity,
    Picture,
    Source,
    identify,
    match_colors,
    open_role,
)
from impasto.optimize.anchors import Anchors
from impasto.optimize.memory import check_memory
from impasto.optimize.objective import Losses, Objective, wants_whole_layers
from impasto.optimize.optimizers import Moments, PixelOptimizer
from impasto.optimize.plan import LAST_RATE, Octave, Schedule, octaves_of
from impasto.optimize.pyramid import alpha_tensor, enlarge, octave_sizes, to_tensor
from impasto.optimize.results import Inputs, Result
from impasto.perception import Encoder
from impasto.settings import STARTS
from impasto.shares import shares_of
from impasto.states import State

if TYPE_CHECKING:
    from impasto.optimize.stylizer import IterativeStylizer


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
    """

    def __init__(
        self,
        stylizer: IterativeStylizer,
        content: Source,
        started: float,
        start: Callable[[Picture], Picture] | None = None,
        anchors: Anchors | None = None,
    ) -> None:
        self.anchors = anchors or Anchors()
        self.stylizer, self.settings = stylizer, stylizer.settings
        self.device = stylizer.device
        picture = open_role(content, "content", self.settings.size, self.settings)
        sizes = octave_sizes(
            picture.size, self.settings.size, self.settings.coarsest, stylizer.narrowest
        )
        self.size, self.octaves = sizes[-1], octaves_of(sizes, self.settings.encoders)
        style = round(max(self.size) * self.settings.style_scale)
        check_memory(self.size, style, self.device, stylizer.precision, self.settings)
        self.started, self.whole = started, wants_whole_layers(self.settings)
        self.schedule = Schedule(self.octaves, self.settings, started)
        self.content = picture.resized(self.size)
        self.filled = self.content.filled()
        self.start, identity = (start(self.content), None) if start else self._start()
        self.styles = self._matched() if self.settings.color == "match" else None
        self.result = Result(
            content=self.content,
            size=self.size,
            inputs=Inputs(identify(content), stylizer.identities, identity),
            encoders=list(stylizer.encoders.values()),
            precision=stylizer.precision,
            device=self.device,
            settings=self.settings,
        )

    def _start(self) -> tuple[Picture | None, Identity | None]:
        """Return the picture to start from (None: noise), and who it is if it is a file."""
        init = self.settings.init
        if init == "noise":
            return None, None
        if init in ("content", "matched"):
            recolored = init == "matched" and self.settings.color == "style"
            return (self._recolored() if recolored else self.filled), None
        if init == "style":
            return self.stylizer.styles[0].filled(), None
        if not Path(init).exists():
            words = ", ".join(STARTS)
            raise SettingsError(f"init must be {words} or a file; there is no file {init!r}")
        return open_role(init, "start", max(self.size)).filled(), identify(init)

    def _recolored(self) -> Picture:
        """Return the content in the styles' colors, each by its share."""
        content, styles = self.content, self.stylizer.styles
        pixels = np.zeros_like(content.pixels)
        for style, share in zip(styles, shares_of(self.settings, len(styles)), strict=True):
            matched = match_colors(self.filled.pixels, style.pixels, content.alpha, style.alpha)
            pixels += np.float32(share) * matched
        return replace(self.filled, pixels=pixels.clip(0, 1))

    def _matched(self) -> list[Picture]:
        """Return the styles with their colors moved to the content's (Gatys et al. 2017)."""
        c = self.content
        return [
            replace(s, pixels=match_colors(s.pixels, c.pixels, s.alpha, c.alpha))
            for s in self.stylizer.styles
        ]

    def states(self) -> Iterator[State]:
        """Go through the octaves, coarse to fine."""
        done, image, moments = 0, None, None
        for number, octave in enumerate(self.octaves):
            if not self.schedule.enters(number):
                continue
            objective = self._objective(octave)
            image = self._initial(octave.size) if image is None else enlarge(image, octave.size)
            optimizer = self._optimizer(image, moments, octave)
            for state in self._octave(number, objective, optimizer, done):
                yield state
                if state.done == self.settings.stop_after:
                    return
            done, image, moments = state.done, state.image, optimizer.moments()

    def _octave(
        self, number: int, objective: Objective, optimizer: PixelOptimizer, done: int
    ) -> Iterator[State]:
        step = 0
        while step < self.schedule.steps[number]:
            step += 1
            begun = time.monotonic()
            losses = _descend(objective, optimizer, self._phase(objective.encoder, done + step))
            loss = float(losses.total.detach())  # waits for the device
            self.schedule.took(number, step, time.monotonic() - begun)
            self.schedule.saw(number, step, loss)
            yield self._state(number, step, done + step, losses, optimizer.result())

    def _state(self, number: int, step: int, done: int, losses: Losses, image: Tensor) -> State:
        parts = (losses.total, losses.content, losses.style, losses.tv)
        values = [float(part.detach()) for part in parts]
        if not all(map(math.isfinite, values)):
            raise ImpastoError(
                f"the losses left all bounds at step {done}: choose a smaller learning rate"
            )
        total, content, style, tv = values
        return State(
            octave=number + 1,
            octaves=len(self.octaves),
            step=step,
            steps=tuple(self.schedule.steps),
            done=done,
            size=self.octaves[number].size,
            seconds=time.monotonic() - self.started,
            loss=total,
            content_loss=content,
            style_loss=style,
            tv_loss=tv,
            image=image,
            finish=self.result.picture,
        )

    def _objective(self, octave: Octave) -> Objective:
        return Objective(
            self.stylizer.encoders[octave.encoder],
            self.settings,
            to_tensor(self.filled, octave.size, self.device),
            alpha_tensor(self.content, octave.size, self.device),
            self.stylizer.style_targets(octave, self.styles),
            self.anchors.at(octave.size, self.device),
            self.anchors.weight,
        )

    def _optimizer(self, image: Tensor, moments: Moments | None, octave: Octave) -> PixelOptimizer:
        settings = self.settings
        rate = settings.step_length * (LAST_RATE if octave.again else 1)
        return PixelOptimizer(image, settings.optimizer, rate, settings.ema, moments)

    def _phase(self, encoder: Encoder, step: int) -> int | None:
        """Return which part of the encoder's largest layers this step looks at."""
        if self.whole or encoder.phases == 1:
            return None
        return PHASE_ORDER[step % len(PHASE_ORDER)]

    def _initial(self, size: tuple[int, int]) -> Tensor:
        if self.start is not None:
            return to_tensor(self.start, size, self.device)
        # Drawn on the CPU, so that the same seed is the same noise on every device.
        generator = torch.Generator().manual_seed(self.settings.seed)
        noise = torch.randn((1, 3, size[1], size[0]), generator=generator)
        return (0.5 + 0.15 * noise).clamp(0, 1).to(self.device)


def _descend(objective: Objective, optimizer: PixelOptimizer, phase: int | None) -> Losses:
    """Take one step and return the losses of the picture it started from."""
    measured: list[Losses] = []

    def closure() -> Tensor:
        measured.append(objective(optimizer.image, phase))
        return measured[-1].total

    optimizer.step(closure)
    return measured[0]
