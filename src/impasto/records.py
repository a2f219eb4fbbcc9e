"""What can be kept of the process besides the result: an animation and a plot of the losses."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError, importing
from impasto.files import check_writable, refuse_inputs, write_atomically
from impasto.images import check_animation, save_animation
from impasto.runs import Run, State

#: An animation has at most this many frames; when there are more, every other one goes.
MOST_FRAMES = 96
FRAME_SIZE = 640  # longest side of an animation's frames, in pixels
#: Curves of the plot, and their colors; content and style are unweighted.
_CURVES = {"total, weighted": "black", "content": "tab:green", "style": "tab:blue"}


class Records:
    """Collects frames and losses while a run works, and saves those with a path after it.

    What could not be saved there is an error before any work: an `ImageError`, or a
    `MissingExtraError`.
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

    def add(self, state: State, run: Run) -> None:
        """Note a state of a run."""
        self._losses.append((state.done, state.loss, state.content_loss, state.style_loss))
        if self.animation is not None and state.done % self._every == 0:
            self._add_frame(state, run)
            if len(self._frames) > MOST_FRAMES:
                del self._frames[::2]
                self._every *= 2

    def _add_frame(self, state: State, run: Run) -> None:
        picture = run.picture
        self._recipe, self._last = picture.recipe, state.done
        self._frames.append(picture.resized(min(FRAME_SIZE, max(picture.size))).to_array())

    def save(self, state: State, run: Run, protect: Sequence[str | Path]) -> list[Path]:
        """Write what was asked for, an animation up to this state, and return the paths."""
        saved = list[Path]()
        how: dict[str, Any] = {"overwrite": self.force, "protect": protect}
        if self.animation is not None:
            if self._last != state.done:
                self._add_frame(state, run)
            saved.append(save_animation(self._frames, self.animation, recipe=self._recipe, **how))
        if self.plot is not None:
            steps, *losses = zip(*self._losses, strict=True) if self._losses else [()] * 4
            curves, axes = dict(zip(_CURVES, losses, strict=True)), ("step", "loss")
            how |= {"colors": [*_CURVES.values()], "logarithmic": True}
            saved.append(save_plot(curves, self.plot, axes=axes, at=steps, **how))
        return saved


def check_plotting(feature: str = "a plot") -> None:
    """Raise MissingExtraError, which begins with the feature, if matplotlib is not installed."""
    with importing(feature, "lab"):
        # Where it cannot write its cache, it says so in many words.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        import matplotlib  # noqa: F401


def check_plot(path: Path) -> None:
    """Raise before the work what `save_plot` would: a wrong suffix, or no matplotlib."""
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ImageError(f"a plot is saved as .png, .svg, .pdf; not {path.name}")
    check_plotting()


def save_plot(
    curves: Mapping[str, Sequence[float]],
    path: Path,
    *,
    axes: tuple[str, str],
    at: Sequence[float],
    colors: Sequence[str] | None = None,
    logarithmic: bool = False,
    overwrite: bool = False,
    protect: Sequence[str | Path] = (),
) -> Path:
    """Draw curves and save the picture; return the path that was written.

    Curves are values, each at its place, by what they are called; the axes say what is counted and
    what the values are. A scale that is not logarithmic begins at 0. An existing file gets a
    numbered neighbor unless `overwrite`; those to `protect` are never replaced.
    """
    check_plot(path)
    refuse_inputs(path, protect)
    # The object interface: pyplot would keep state and might want a window.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    plane = figure.add_subplot()
    if colors is not None:
        plane.set_prop_cycle(color=colors)
    for name, values in curves.items():
        plane.plot(at, values, label=name)
    if not logarithmic:
        plane.set_ylim(bottom=0)
    elif any(value > 0 for values in curves.values() for value in values):
        plane.set_yscale("log", nonpositive="mask")
    plane.set(xlabel=axes[0], ylabel=axes[1])
    plane.grid(alpha=0.3)
    plane.legend()
    save = partial(figure.savefig, format=path.suffix.lower()[1:], dpi=120)
    return write_atomically(path, save, overwrite)
