"""What a run yields while it works."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor

from impasto.images import Picture


@dataclass(frozen=True)
class State:
    """The picture after one step.

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
        image: (1, 3, H, W) float32 in [0, 1], at the size of the octave.
    """

    octave: int
    octaves: int
    step: int
    steps: tuple[int, ...]
    done: int
    size: tuple[int, int]
    seconds: float
    loss: float
    content_loss: float
    style_loss: float
    tv_loss: float
    image: Tensor = field(repr=False)
    finish: Callable[["State"], Picture] = field(repr=False)

    @property
    def planned(self) -> int:
        """Steps planned in all."""
        return sum(self.steps)

    @cached_property
    def picture(self) -> Picture:
        """The result if the run ended here: full size, colors and alpha right, with its recipe."""
        return self.finish(self)

    def _repr_png_(self) -> bytes:
        return self.picture._repr_png_()
