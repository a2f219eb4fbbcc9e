"""From the optimizer's tensor to the picture that a user gets, with the recipe inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.images import Identity, Picture
from impasto.networks import Encoder
from impasto.optimize.pyramid import enlarge
from impasto.recipes import make_recipe
from impasto.runs import State
from impasto.settings import Settings
from impasto.settings.methods import load


@dataclass(frozen=True)
class Result:
    """All that a finished picture takes from its run.

    Attributes:
        content: The content picture at final size, with alpha, EXIF and bit depth.
        size: (width, height) of the result.
        inputs: Who the pictures were, by role.
        encoders: What compared the pictures.
        precision: Of the arithmetic.
        device: Kind of device.
        settings: As asked for.
        keep: (H, W) in [0, 1], where the content stays, or None.
        sides: Longest side of the tiles of each octave, and of the styles'; None: seen whole.
    """

    content: Picture
    size: tuple[int, int]
    inputs: Mapping[str, Identity | Sequence[Identity] | None]
    encoders: Sequence[Encoder]
    precision: torch.dtype
    device: torch.device
    settings: Settings
    keep: NDArray[np.float32] | None = None
    sides: Sequence[int | None] = ()

    def pixels(self, state: State) -> NDArray[np.float32]:
        """Return the pixels that the run comes to if it ends with this state."""
        image = enlarge(state.image, self.size)
        pixels: NDArray[np.float32] = image[0].permute(1, 2, 0).cpu().numpy()
        photo = self.content.filled().pixels
        if recolor := self.settings.color_mode.recolor_result:
            pixels = load(recolor)(pixels, photo, self.settings.color_amount)
        if self.keep is not None:
            pixels = pixels + self.keep[..., None] * (photo - pixels)
        return pixels

    def picture(self, state: State) -> Picture:
        """Return what the run comes to if it ends with this state."""
        return replace(
            self.content,
            pixels=self.pixels(state),
            bits=self.settings.bits or self.content.bits,
            exif=self.content.exif if self.settings.keep_exif else None,
            recipe=self.recipe(state),
        )

    def recipe(self, state: State) -> dict[str, object]:
        """Return how to make this picture again: no time limit, no folders."""
        precision = str(self.precision).removeprefix("torch.")
        settings = replace(
            self.settings,
            time=None,
            steps=state.steps,
            stop_after=state.done if state.done < state.planned else None,
            precision=precision,
        )
        if settings.weights is not None:
            settings = replace(settings, weights=self.encoders[0].file)
        tiled = any(side is not None for side in self.sides)
        return make_recipe(
            settings,
            self.inputs,
            torch=torch.__version__,
            device=self.device.type,
            threads=torch.get_num_threads(),
            precision=precision,
            weights=[{"name": each.file, "sha256": each.sha256} for each in self.encoders],
            **({"tiles": list(self.sides)} if tiled else {}),
        )
