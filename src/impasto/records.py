"""What can be kept of the process besides the result: an animation and a plot of the losses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.files import check_writable
from impasto.images import check_animation, save_animation
from impasto.plots import check_plot, save_plot

if TYPE_CHECKING:
    from impasto.runs import Run, State

#: An animation has at most this many frames; when there are more, every other one goes.
MOST_FRAMES = 96
#: Longest side of an animation's frames, in pixels.
FRAME_SIZE = 640
#: Curves of the plot, and their colors; content and style are unweighted.
_CURVES = {"total, weighted": "black", "content": "tab:green", "style": "tab:blue"}


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
        self._recipe: Mapping[str, object] | None = None
        self._losses: list[tuple[int, float, float, float]] = []
        if animation is not None:
            check_animation(animation)
        if plot is not None:
            check_writable(plot)
            check_plot(plot)

    def add(self, state: "State", run: "Run") -> None:
        """Note a state of a run."""
        self._losses.append((state.done, state.loss, state.content_loss, state.style_loss))
        if self.animation is None or state.done % self._every:
            return
        self._add_frame(state, run)
        if len(self._frames) > MOST_FRAMES:
            del self._frames[::2]
            self._every *= 2

    def _add_frame(self, state: "State", run: "Run") -> None:
        picture = run.picture
        self._recipe = picture.recipe
        size = min(FRAME_SIZE, max(picture.size))
        self._frames.append(picture.resized(size).to_array())
        self._last = state.done

    def save(self, state: "State", run: "Run", protect: Sequence[str | Path]) -> list[Path]:
        """Write what was asked for and return the paths.

        Args:
            state: The last one: the animation ends with it.
            run: That it is a state of.
            protect: Files never to replace.
        """
        saved = []
        if self.animation is not None:
            if self._last != state.done:
                self._add_frame(state, run)
            saved.append(
                save_animation(
                    self._frames,
                    self.animation,
                    recipe=self._recipe,
                    overwrite=self.force,
                    protect=protect,
                )
            )
        if self.plot is not None:
            saved.append(self._save_plot(self.plot, protect))
        return saved

    def _save_plot(self, path: Path, protect: Sequence[str | Path]) -> Path:
        steps, *losses = zip(*self._losses, strict=True) if self._losses else [()] * 4
        return save_plot(
            dict(zip(_CURVES, losses, strict=True)),
            path,
            axes=("step", "loss"),
            at=steps,
            colors=list(_CURVES.values()),
            logarithmic=True,
            overwrite=self.force,
            protect=protect,
        )
