"""What can be kept of the process besides the result: an animation and a plot of the losses."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.files import check_writable
from impasto.images import check_animation, save_animation
from impasto.plots import Point, check_plot, save_plot

if TYPE_CHECKING:
    from impasto.states import State

#: An animation has at most this many frames; when there are more, every other one goes.
MOST_FRAMES = 96
#: Longest side of an animation's frames, in pixels.
FRAME_SIZE = 640


class Records:
    """Collects frames and losses while a run works, and saves them after it.

    Args:
        animation: Where to save the animation, or None.
        plot: Where to save the plot, or None.
        force: Replace existing files.

    Raises:
        ImageError: They could not be saved there.
        MissingExtraError: The packages for them are not installed. Both before any work.
    """

    def __init__(
        self, animation: Path | None = None, plot: Path | None = None, *, force: bool = False
    ) -> None:
        self.animation, self.plot, self.force = animation, plot, force
        self._frames: list[NDArray[np.uint8]] = []
        self._every, self._last = 1, 0
        self._points: list[Point] = []
        if animation is not None:
            check_animation(animation)
        if plot is not None:
            check_writable(plot)
            check_plot(plot)

    def add(self, state: "State") -> None:
        """Note a state."""
        point = Point(state.done, state.content_loss, state.style_loss, state.loss)
        self._points.append(point)
        if self.animation is None or state.done % self._every:
            return
        self._add_frame(state)
        if len(self._frames) > MOST_FRAMES:
            del self._frames[::2]
            self._every *= 2

    def _add_frame(self, state: "State") -> None:
        picture = state.picture
        size = min(FRAME_SIZE, max(picture.size))
        self._frames.append(picture.resized(size).on_white().to_array())
        self._last = state.done

    def save(self, state: "State", protect: Sequence[str | Path]) -> list[Path]:
        """Write what was asked for and return the paths.

        Args:
            state: The last one: the animation ends with it.
            protect: Files never to replace.
        """
        saved = []
        if self.animation is not None:
            if self._last != state.done:
                self._add_frame(state)
            saved.append(
                save_animation(self._frames, self.animation, overwrite=self.force, protect=protect)
            )
        if self.plot is not None:
            saved.append(save_plot(self._points, self.plot, overwrite=self.force, protect=protect))
        return saved
