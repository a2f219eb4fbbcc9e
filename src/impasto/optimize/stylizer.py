"""The iterative stylizer: optimize the pixels against the statistics of a perceptual network."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.images import (
    Identity,
    Picture,
    Source,
    Sources,
    fitted_size,
    identify,
    match_colors,
    open_picture,
    read_source,
    source_list,
)
from impasto.optimize.memory import check_memory
from impasto.optimize.objective import (
    Grams,
    Losses,
    Objective,
    layer_weights,
    shares_of,
    style_targets,
)
from impasto.optimize.optimizers import Moments, PixelOptimizer
from impasto.optimize.plan import Schedule
from impasto.optimize.pyramid import alpha_tensor, enlarge, octave_sizes, to_tensor
from impasto.optimize.results import Inputs, Result
from impasto.optimize.states import State
from impasto.perception import build_encoder
from impasto.perception.devices import choose_device, choose_precision, describe
from impasto.settings import Settings

#: Shorter side below which a picture holds nothing to paint.
LEAST_PICTURE = 8


class IterativeStylizer:
    """Optimizes pixels against the statistics of a perceptual network (Gatys et al. 2016).

    Departures from the paper: relative losses, a start from the content, Adam, a pyramid of sizes,
    smoothness, and borders without zero padding; `Settings` can undo each but the last.

    Args:
        style: One style picture or several: path, bytes, PIL image, array or `Picture`.
        settings: All options at once, or None for the defaults.
        **options: Single options, by the names of `Settings`.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: A style picture that cannot be read.
        WeightsError: The encoder's file cannot be had.

    Example:
        >>> stylizer = IterativeStylizer("starry_night.jpg", size=1024)
        >>> for state in stylizer.iterate("harbour.jpg"):
        ...     print(state.octave, state.step, state.loss)
        >>> state.picture.save("out.png")
    """

    def __init__(
        self,
        style: Sources,
        settings: Settings | None = None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        self.settings = (settings or Settings()).updated(**options)
        self.device = choose_device(self.settings.device)
        self.precision = choose_precision(self.settings.precision, self.device)
        styles = [read_source(source) for source in source_list(style)]
        _check_shares(self.settings.style_weights, len(styles))
        self._style_layers = tuple(layer_weights(self.settings.style_layers, None))
        layers = {*self._style_layers, *layer_weights(self.settings.content_layers, None)}
        largest = max(LEAST_PICTURE, round(self.settings.size * self.settings.style_scale))
        self.styles = [_open(source, "style", largest) for source in styles]
        self.identities = [identify(source) for source in styles]
        self._targets: dict[tuple[int, int], Grams] = {}
        self.encoder = build_encoder(
            self.settings.encoder,
            layers,
            pooling=self.settings.pooling,
            device=self.device,
            precision=self.precision,
        )

    def __call__(self, content: Source) -> Picture:
        """Stylize a content picture and return the result, with its recipe.

        Raises:
            ImageError: The content cannot be read, or is too small or too narrow.
            ImpastoError: It would not fit into memory, or the losses went out of bounds.
        """
        for state in self.iterate(content):
            last = state
        return last.picture

    def iterate(self, content: Source, *, started: float | None = None) -> Iterator[State]:
        """Yield a state after every step; leave the loop to stop, `state.picture` is the result.

        Args:
            content: Path, bytes, PIL image, array or `Picture`.
            started: `time.monotonic()` from which `settings.time` counts; None is now.

        Raises:
            ImageError: The content cannot be read, or is too small or too narrow.
            ImpastoError: It would not fit into memory, or the losses went out of bounds.
        """
        started = time.monotonic() if started is None else started
        run = _Run(self, read_source(content), started)
        return run.states()

    def describe(self) -> str:
        """Return where it computes and with what: `vgg19 on cpu, 2 threads, bfloat16`."""
        name = "a stand-in of random filters" if self.encoder.sha256 is None else self.encoder.name
        return f"{name} on {describe(self.device, self.precision)}"

    def style_targets(self, longest: int, pictures: Sequence[Picture] | None = None) -> list[Grams]:
        """Return the Gram matrices of each style at an octave's size.

        Args:
            longest: Longest side of the octave; the style's is this times `style_scale`.
            pictures: Style pictures whose colors were changed for one content; None: our own,
                whose targets are kept for the next content.
        """
        if pictures is not None:
            return [self._style_target(picture, longest) for picture in pictures]
        for i, picture in enumerate(self.styles):
            if (i, longest) not in self._targets:
                self._targets[i, longest] = self._style_target(picture, longest)
        return [self._targets[i, longest] for i in range(len(self.styles))]

    def _style_target(self, picture: Picture, longest: int) -> Grams:
        size = fitted_size(
            picture.size, max(LEAST_PICTURE, round(longest * self.settings.style_scale))
        )
        image = to_tensor(picture.filled(), size, self.device)
        alpha = alpha_tensor(picture, size, self.device)
        return style_targets(self.encoder, image, alpha, self._style_layers)


class _Run:
    """One content on its way through the octaves."""

    def __init__(self, stylizer: IterativeStylizer, content: Source, started: float) -> None:
        self.stylizer, self.settings = stylizer, stylizer.settings
        self.device = stylizer.device
        picture = _open(content, "content", self.settings.size, self.settings)
        self.sizes = octave_sizes(picture.size, self.settings.size, self.settings.min_size)
        check_memory(self.sizes[-1], self.device, stylizer.precision)
        self.started = started
        self.schedule = Schedule(self.sizes, self.settings, started)
        self.content = picture.resized(self.sizes[-1])
        self.filled = self.content.filled()
        self.start, identity = self._start()
        self.styles = self._matched() if self.settings.color == "match" else None
        self.result = Result(
            content=self.content,
            size=self.sizes[-1],
            inputs=Inputs(identify(content), stylizer.identities, identity),
            encoder=stylizer.encoder,
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
        return _open(init, "start", max(self.sizes[-1])).filled(), identify(init)

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
        for octave, size in enumerate(self.sizes):
            if not self.schedule.enters(octave):
                continue
            objective = self._objective(size)
            image = self._initial(size) if image is None else enlarge(image, size)
            optimizer = self._optimizer(image, moments)
            for state in self._octave(octave, objective, optimizer, done):
                yield state
                if state.done == self.settings.stop_after:
                    return
            done, image, moments = state.done, state.image, optimizer.moments()

    def _octave(
        self, octave: int, objective: Objective, optimizer: PixelOptimizer, done: int
    ) -> Iterator[State]:
        step = 0
        while step < self.schedule.steps[octave]:
            step += 1
            begun = time.monotonic()
            losses = _descend(objective, optimizer)
            self.schedule.took(octave, step, time.monotonic() - begun)
            yield self._state(octave, step, done + step, losses, optimizer.result())

    def _state(self, octave: int, step: int, done: int, losses: Losses, image: Tensor) -> State:
        parts = (losses.total, losses.content, losses.style, losses.tv)
        values = [float(part.detach()) for part in parts]
        if not all(map(math.isfinite, values)):
            raise ImpastoError(
                f"the losses left all bounds at step {done}: choose a smaller learning rate"
            )
        total, content, style, tv = values
        return State(
            octave=octave + 1,
            octaves=len(self.sizes),
            step=step,
            steps=tuple(self.schedule.steps),
            done=done,
            size=self.sizes[octave],
            seconds=time.monotonic() - self.started,
            loss=total,
            content_loss=content,
            style_loss=style,
            tv_loss=tv,
            image=image,
            finish=self.result.picture,
        )

    def _objective(self, size: tuple[int, int]) -> Objective:
        return Objective(
            self.stylizer.encoder,
            self.settings,
            to_tensor(self.filled, size, self.device),
            alpha_tensor(self.content, size, self.device),
            self.stylizer.style_targets(max(size), self.styles),
        )

    def _optimizer(self, image: Tensor, moments: Moments | None) -> PixelOptimizer:
        settings = self.settings
        return PixelOptimizer(
            image, settings.optimizer, settings.step_length, settings.ema, moments
        )

    def _initial(self, size: tuple[int, int]) -> Tensor:
        if self.start is not None:
            return to_tensor(self.start, size, self.device)
        # Drawn on the CPU, so that the same seed is the same noise on every device.
        generator = torch.Generator().manual_seed(self.settings.seed)
        noise = torch.randn((1, 3, size[1], size[0]), generator=generator)
        return (0.5 + 0.15 * noise).clamp(0, 1).to(self.device)


def _descend(objective: Objective, optimizer: PixelOptimizer) -> Losses:
    """Take one step and return the losses of the picture it started from."""
    measured: list[Losses] = []

    def closure() -> Tensor:
        measured.append(objective(optimizer.image))
        return measured[-1].total

    optimizer.step(closure)
    return measured[0]


def _open(source: Source, role: str, largest: int, keep: Settings | None = None) -> Picture:
    picture = open_picture(
        source,
        max_size=largest,
        keep_exif=keep is not None and keep.keep_exif,
        keep_gps=keep is not None and keep.keep_gps,
    )
    if min(picture.size) < LEAST_PICTURE:
        raise ImageError(
            f"the {role} picture has {picture.width}x{picture.height} pixels: "
            f"too small, use one of at least {LEAST_PICTURE}x{LEAST_PICTURE}"
        )
    return picture


def _check_shares(shares: Sequence[float] | None, styles: int) -> None:
    if not styles:
        raise SettingsError("give at least one style picture")
    if shares is not None and len(shares) != styles:
        raise SettingsError(f"style_weights has {len(shares)} numbers for {styles} style pictures")
    if shares is not None and not sum(shares):
        raise SettingsError("style_weights must not all be 0")
