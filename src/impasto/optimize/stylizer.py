"""The iterative stylizer: optimize the pixels against the statistics of a perceptual network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto.gallery.names import read_styles
from impasto.images import (
    LEAST_PICTURE,
    Identity,
    Picture,
    Source,
    Sources,
    identify,
    match_colors,
    open_role,
    placed,
    read_source,
)
from impasto.losses import needs_of
from impasto.networks import build_encoder
from impasto.networks.devices import choose_device, choose_precision, describe
from impasto.optimize.anchors import Anchors
from impasto.optimize.forecast import Forecast, forecast
from impasto.optimize.objective import layer_weights, layers_of
from impasto.optimize.plan import Octave
from impasto.optimize.pyramid import (
    alpha_tensor,
    least_side,
    style_size,
    to_tensor,
)
from impasto.optimize.run import Run
from impasto.optimize.sight import Summaries, style_targets
from impasto.settings import Settings
from impasto.states import State

#: Layers whose targets come from `fine_style`: what they see at once is 15 pixels wide or less
#: (scale control of Gatys et al. 2017, "Controlling Perceptual Factors", section 6).
FINE_LAYERS = ("relu1_1", "relu1_2", "relu2_1", "relu2_2")


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

    Examples:
        >>> stylizer = IterativeStylizer("starry_night.jpg", size=64, steps=3)
        >>> for state in stylizer.iterate("harbour.jpg"):
        ...     print(state.octave, state.step, state.size)
        1 1 (64, 43)
        1 2 (64, 43)
        1 3 (64, 43)
        >>> path = state.picture.save("steps.png")
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
        styles = read_styles(style)
        self.settings.normalized_style_weights(len(styles))  # refuses what does not fit
        self.style_layers = tuple(layer_weights(self.settings.style_layers, None))
        layers = layers_of(self.settings)
        self.narrowest = least_side(layers)
        largest = max(LEAST_PICTURE, round(self.settings.size * self.settings.style_scale))
        self.styles = [
            placed(open_role(source, "style", largest), self.settings) for source in styles
        ]
        self.identities = [identify(source) for source in styles]
        self.fine: Picture | None = None
        self.fine_identity: Identity | None = None
        if self.settings.fine_style is not None:
            source = read_styles([self.settings.fine_style])[0]
            self.fine, self.fine_identity = open_role(source, "style", largest), identify(source)
        self._targets: dict[tuple[int, str, int], Summaries] = {}
        self.encoders = {
            name: build_encoder(
                name,
                layers,
                weights=self.settings.weights,
                pooling=self.settings.pooling,
                device=self.device,
                precision=self.precision,
            )
            for name in self.settings.encoders
        }

    def __call__(self, content: Source) -> Picture:
        """Stylize a content picture and return the result, with its recipe.

        Raises:
            ImageError: The content cannot be read, or is too small or too narrow.
            ImpastoError: It would not fit into memory, or the losses went out of bounds.
        """
        for state in self.iterate(content):
            last = state
        return last.picture

    def iterate(
        self,
        content: Source,
        *,
        started: float | None = None,
        start: Callable[[Picture], Picture] | None = None,
        anchors: Anchors | None = None,
        checkpoint: str | Path | None = None,
    ) -> Iterator[State]:
        """Yield a state after every step; leave the loop to stop, `state.picture` is the result.

        Args:
            content: Path, bytes, PIL image, array or `Picture`.
            started: `time.monotonic()` from which `settings.time` counts; None is now.
            start: What makes the picture to start from out of the content; None: as
                `settings.init` says.
            anchors: Pictures to stay near, and how much that counts.
            checkpoint: A file in which the run is saved once a minute. Where it is there already,
                the run goes on from it: on the same machine, without a time limit and seen whole,
                not in tiles, to the same bytes. In the end it is deleted. It takes about 40 bytes
                a pixel, with L-BFGS and its history 520.

        Raises:
            ImageError: The content cannot be read, or is too small or too narrow.
            ImpastoError: It would not fit into memory, or the losses went out of bounds.
        """
        started = time.monotonic() if started is None else started
        saved = None if checkpoint is None else Path(checkpoint)
        return Run(self, read_source(content), started, start, anchors, saved).states()

    def forecast(self, content: Source) -> Forecast:
        """Return what painting a content will take of time and memory, after a short probe.

        Raises:
            ImageError: The content cannot be read, or is too small or too narrow.
            ImpastoError: It would not fit into memory.
        """
        run = Run(self, read_source(content), time.monotonic())
        return forecast(run, describe(self.device, self.precision))

    def describe(self) -> str:
        """Return where it computes and with what: `vgg19 on cpu, 2 threads, bfloat16`."""
        return f"{self.settings.encoder} on {describe(self.device, self.precision)}"

    def style_targets(
        self, octave: Octave, pictures: Sequence[Picture] | None = None, side: int | None = None
    ) -> list[Summaries]:
        """Return what is to be known of each style at an octave.

        Args:
            octave: Its longest side times `style_scale` is the style's.
            pictures: Style pictures whose colors were changed for one content; None: our own,
                whose targets are kept for the next content.
            side: Longest side of a tile of them that is looked at at once; None: all of it.
        """
        if pictures is not None:
            return [self._style_target(picture, octave, side) for picture in pictures]
        found = []
        for i, picture in enumerate(self.styles):
            key = (i, octave.encoder, max(octave.size))
            if key not in self._targets:
                self._targets[key] = self._style_target(picture, octave, side)
            found.append(self._targets[key])
        return found

    def _style_target(self, picture: Picture, octave: Octave, side: int | None) -> Summaries:
        target = self._seen(picture, octave, side)
        if self.fine is None:
            return target
        pixels = match_colors(self.fine.pixels, picture.pixels, self.fine.alpha, picture.alpha)
        finer = self._seen(replace(self.fine, pixels=pixels), octave, side)
        return {name: (finer if name in FINE_LAYERS else target)[name] for name in target}

    def _seen(self, picture: Picture, octave: Octave, side: int | None) -> Summaries:
        wanted = round(max(octave.size) * self.settings.style_scale)
        size = style_size(picture.size, wanted, self.narrowest)
        image = to_tensor(picture.filled(), size, self.device)
        alpha = alpha_tensor(picture, size, self.device)
        needs = needs_of(self.settings.style_losses)
        encoder = self.encoders[octave.encoder]
        return style_targets(encoder, image, alpha, self.style_layers, needs, side)
