"""What a run yields while it works; nothing here imports torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

from impasto.images import Picture

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class State:
    """The picture after one step; a method without steps has one state, and no losses: NaN.

    Attributes:
        octave: Which octave, from 1.
        octaves: How many there are.
        step: Step within the octave, from 1.
        steps: Planned steps of each octave. With a time limit the plan may still change.
        done: Steps taken in all.
        size: (width, height) of this octave, in pixels.
        seconds: Since the run began.
        loss: Weighted sum of the losses of the picture that this step started from.
        content_loss: Its content loss, unweighted.
        style_loss: Its style loss, unweighted.
        tv_loss: Its smoothness loss, unweighted.
        finish: What makes the result of a state.
        image: (1, 3, H, W) float32 in [0, 1], at the size of the octave; None without steps. Of a
            picture so large that it is seen in tiles it is no copy, unless iterates are averaged:
            the next step changes it.
    """

    octave: int
    octaves: int
    step: int
    steps: tuple[int, ...]
    done: int
    size: tuple[int, int]
    seconds: float
    finish: Callable[[State], Picture] = field(repr=False)
    loss: float = math.nan
    content_loss: float = math.nan
    style_loss: float = math.nan
    tv_loss: float = math.nan
    image: Tensor = field(default=cast("Tensor", None), repr=False)

    @property
    def planned(self) -> int:
        """Steps planned in all."""
        return sum(self.steps)

    @cached_property
    def picture(self) -> Picture:
        """The result if the run ended here: full size, colors and alpha right, with its recipe.

        Raises:
            ImpastoError: A large picture that is seen in tiles has been painted on since.
        """
        return self.finish(self)

    def _repr_png_(self) -> bytes:
        return self.picture._repr_png_()
