"""The one-liner, and the table of methods behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from impasto.gallery.names import read_styles
from impasto.images import Picture, Source, Sources, source_list
from impasto.settings import Settings
from impasto.states import State

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.optimize import Forecast
    from impasto.settings.typed import Options

#: Settings that the two halves of `fast+optimize` share.
_SHARED = (
    "size", "style_scale", "style_turn", "style_tiles", "style_weights", "strength",
    "color_amount", "runtime", "device",
)  # fmt: skip


@runtime_checkable
class Stylizer(Protocol):
    """Anything that turns a content picture into a stylized one.

    Video, data sets, the studio and the command line hold one of these and never ask which.
    """

    settings: Settings

    def __call__(self, content: Source) -> Picture:
        """Return the stylized picture."""
        ...

    def iterate(self, content: Source, *, started: float | None = None) -> Iterator[State]:
        """Yield the states of the work; the last one's `picture` is the result."""
        ...

    def describe(self) -> str:
        """Return in a few words with what and where it computes."""
        ...


@runtime_checkable
class Forecasting(Stylizer, Protocol):
    """A stylizer that can say what it will take, and save a run to go on with later."""

    def forecast(self, content: Source) -> Forecast:
        """Return what painting a content will take."""
        ...

    def iterate(
        self,
        content: Source,
        *,
        started: float | None = None,
        checkpoint: str | Path | None = None,
    ) -> Iterator[State]:
        """Yield the states of the work."""
        ...


def _optimize(style: Sequence[Source], settings: Settings) -> Stylizer:
    from impasto.optimize import IterativeStylizer

    return IterativeStylizer(style, settings)


def _fast(style: Sequence[Source], settings: Settings) -> Stylizer:
    from impasto.fast import FastStylizer

    return FastStylizer(style, settings)


class FastThenOptimize:
    """Lets a fast stylizer lay the picture out and the iterative one paint it.

    Args:
        style: The style pictures.
        settings: Of both.
    """

    def __init__(self, style: Sequence[Source], settings: Settings) -> None:
        from impasto.fast import FastStylizer
        from impasto.optimize import IterativeStylizer

        self.settings = settings
        styles = read_styles(style)
        shared = {name: getattr(settings, name) for name in _SHARED}
        # Colors that are put back in the end are painted as the style has them until then.
        matches = settings.color == "match"
        shared |= {"color": "match"} if matches else {"color_amount": 1.0}
        self.fast = FastStylizer(styles, Settings(method="fast", **shared))
        self.slow = IterativeStylizer(styles, settings)

    def __call__(self, content: Source) -> Picture:
        """Return the stylized picture."""
        for state in self.iterate(content):
            last = state
        return last.picture

    def iterate(
        self,
        content: Source,
        *,
        started: float | None = None,
        checkpoint: str | Path | None = None,
    ) -> Iterator[State]:
        """Yield the states of the optimization; see `IterativeStylizer.iterate`."""
        states = self.slow.iterate(
            content, started=started, start=self._start, checkpoint=checkpoint
        )
        for state in states:
            yield replace(state, finish=partial(self._finished, state.finish))

    def forecast(self, content: Source) -> Forecast:
        """Return what painting a content will take; see `IterativeStylizer.forecast`."""
        return self.slow.forecast(content)

    def _finished(self, finish: Callable[[State], Picture], state: State) -> Picture:
        """Return the result, its recipe saying what the start was made with."""
        picture = finish(state)
        recipe: dict[str, Any] = dict(picture.recipe or {})
        recipe |= {"weights": [*self.fast.network.named, *recipe["weights"]]}
        recipe |= {"runtime": self.fast.network.machine}
        recipe["settings"] = {**recipe["settings"], "runtime": self.fast.network.runtime}
        return replace(picture, recipe=recipe)

    def _start(self, content: Picture) -> Picture:
        from impasto.fast.memory import check_memory

        check_memory(content.size, self.fast.network.bytes_per_pixel)
        return replace(content, pixels=self.fast.paint(content), alpha=None)

    def describe(self) -> str:
        """Return in a few words with what and where it computes."""
        return f"{self.fast.describe()}; then {self.slow.describe()}"


#: What the methods of `Settings.method` are made by, all others (one pass of a network) by `_fast`:
#: style pictures and settings -> stylizer. What a method needs is imported when it is chosen.
METHODS: Mapping[str, Callable[[Sequence[Source], Settings], Stylizer]] = {
    "optimize": _optimize,
    "fast+optimize": FastThenOptimize,
}


def stylizer(
    style: Sources = (), settings: Settings | None = None, **options: Unpack[Options]
) -> Stylizer:
    """Build the stylizer that `settings.method` names.

    Args:
        style: One style picture or several: path, name, bytes, PIL image, array, tensor or
            `Picture`; none where the method is the file of a network that knows one style.
        settings: All options at once, or None for the defaults.
        **options: Single options, by the names of `Settings`.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: A style picture that cannot be read.
        WeightsError: Trained weights that cannot be had.

    Examples:
        >>> stylizer("mosaic", method="fast").settings.method
        'fast'
    """
    settings = (settings or Settings()).updated(**options)
    return METHODS.get(settings.method, _fast)(source_list(style), settings)


def stylize(
    content: Source,
    style: Sources = (),
    settings: Settings | None = None,
    **options: Unpack[Options],
) -> Picture:
    """Paint a content picture in the style of one picture or several.

    Args:
        content: Path, bytes, PIL image, array (H, W[, 3|4]; uint8, uint16, or float in [0, 1]),
            torch tensor ((C, H, W) or (1, C, H, W); uint8 or float in [0, 1]) or `Picture`.
        style: One such style picture, or a list of them; none where the method is the file of a
            network that knows one style.
        settings: All options at once, or None for the defaults.
        **options: Single options, by the names of `Settings`.

    Returns:
        The stylized picture, with the recipe that makes it again.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: A picture that cannot be read, or is too small.
        WeightsError: Trained weights that cannot be had.

    Examples:
        >>> picture = impasto.stylize("harbour.jpg", "starry_night.jpg", size=64, steps=3)
        >>> picture
        <Picture 'harbour' 64x43, 8 bit>
        >>> path = picture.save("out.jpg")
    """
    return stylizer(style, settings, **options)(content)
