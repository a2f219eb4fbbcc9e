"""From the optimizer's tensor to the picture that a user gets, with the recipe inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.images import Picture, final_colors
from impasto.optimize.pyramid import enlarge
from impasto.optimize.targets import TargetBuilder
from impasto.recipes import make_recipe
from impasto.runs import State


def final_pixels(image: Tensor, targets: TargetBuilder) -> NDArray[np.float32]:
    """Return an octave's (1, 3, h, w) as (H, W, 3) at full size, with what was kept."""
    settings, photo = targets.settings, targets.filled.pixels
    larger = enlarge(image, targets.content.size)
    painted: NDArray[np.float32] = larger[0].permute(1, 2, 0).cpu().numpy()
    pixels = final_colors(painted, photo, settings, targets.reader.gray_styles)
    keep = targets.composition.keep
    return pixels if keep is None else pixels + keep[..., None] * (photo - pixels)


def final_picture(state: State, targets: TargetBuilder, sides: Sequence[int | None]) -> Picture:
    """Return what a run comes to if it ends with this state; for `sides`, see `TileSides`."""
    settings, content = targets.settings, targets.content
    return replace(
        content,
        pixels=final_pixels(state.image, targets),
        bits=settings.bits or content.bits,
        exif=content.exif if settings.keep_exif else None,
        recipe=_recipe(state, targets, sides),
    )


def _recipe(state: State, targets: TargetBuilder, sides: Sequence[int | None]) -> dict[str, object]:
    """Return how to make this picture again: no time limit, no folders."""
    settings, reader = targets.settings, targets.reader
    files = [{"name": each.file, "sha256": each.sha256} for each in reader.encoders.values()]
    precision = str(reader.precision).removeprefix("torch.")
    return make_recipe(
        replace(
            settings,
            time=None,
            steps=state.steps,
            stop_after=state.done if state.done < state.planned else None,
            precision=precision,
            weights=None if settings.weights is None else files[0]["name"],
        ),
        targets.inputs,
        torch=torch.__version__,
        device=reader.device.type,
        threads=torch.get_num_threads(),
        precision=precision,
        weights=files,
        **({"tiles": list(sides)} if any(side is not None for side in sides) else {}),
    )
