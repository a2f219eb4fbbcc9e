"""The waist of the house: the stylizer that a method names, and the one-liner."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.files import sha256_of
from impasto.gallery.names import read_styles
from impasto.images import (
    Picture,
    Source,
    Sources,
    open_for_role,
    read_recipe,
    read_source,
    source_list,
)
from impasto.recipes import differences, gather
from impasto.runs import Memory, Plan, Reference, Run, State, StateDict, Stylizer
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS
from impasto.settings.methods import load, method_of
from impasto.settings.runtimes import runtime_for_many_sizes
from impasto.weights import fetch, find

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from impasto.fast import FastStylizer
    from impasto.settings.typed import Options

#: Settings that the two halves of `fast+optimize` share.
_SHARED = (
    *("size", "style_scale", "style_turn", "style_tiles", "style_weights", "strength"),
    *("runtime", "device"),
)


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
    made: Stylizer = load(method_of(settings.method).factory)(source_list(style), settings)
    return made


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


def reproduce(picture: str | Path, folders: Sequence[str | Path] = ()) -> Picture:
    """Make a picture again: the same bytes on the same machine (CPU) and version.

    Args:
        picture: A picture made by impasto, or a recipe saved as JSON.
        folders: Where to look for the content and the styles, before the picture's own folder and
            the current one, subfolders included: by name, then by content.

    Returns:
        The picture. If it was made with another version, machine or file of weights, a
        `UserWarning` says so: it will differ a little then.

    Raises:
        RecipeError: There is no recipe, or a file it names is not found or has changed.
    """
    recipe = read_recipe(picture)
    found = gather(recipe, [*folders, Path(picture).parent, Path.cwd()])
    result = stylizer(list(found.styles), found.settings)(found.content)
    for line in differences(recipe, result.recipe or {}):
        warnings.warn(f"not the same bytes: {line}", stacklevel=2)
    return result


def needed_weights(settings: Settings) -> list[str]:
    """Return the names in the catalogue of the trained files that painting takes."""
    row = method_of(settings.method)
    names: list[str] = []
    if row.steps or settings.weights is None:
        names += row.needed(lambda name: find(name) is not None)
    if row.steps and settings.weights is None:
        names += [ENCODERS[name].file for name in settings.encoders if ENCODERS[name].file]
    return names


def fetch_weights(settings: Settings) -> None:
    """Download the trained files that painting takes and that are not on this machine.

    Raises:
        WeightsError: One cannot be had.
    """
    for name in needed_weights(settings):
        fetch(name)


def files_of(settings: Settings) -> list[str]:
    """Return the SHA-256 of all files that painting takes, beside contents and styles."""
    named = [settings.weights, settings.method if settings.row.one_style else None]
    found = map(find, needed_weights(settings))
    paths = [Path(name) for name in (*named, *settings.pictures, *found) if name is not None]
    return [sha256_of(path) for path in paths if path.is_file()]


def for_many_sizes(settings: Settings) -> Settings:
    """Return the settings without a runtime that would compile for the size of every content."""
    if settings.row.many_sizes or settings.runtime != "auto":
        return settings
    return settings.updated(runtime=runtime_for_many_sizes())


def _fast_settings(settings: Settings) -> Settings:
    """Return the settings of the network that lays a picture out."""
    shared: Any = {name: getattr(settings, name) for name in _SHARED}
    # Colors that are put back in the end are painted as the style has them until then.
    if settings.color_mode.recolor_style:
        shared |= {"color": settings.color, "color_amount": settings.color_amount}
    return Settings(method="fast", **shared)


class FastThenOptimize:
    """Lets a network lay the picture out, and optimization paint it.

    It composes two stylizers: the picture of the first is the start of the second.

    Args:
        style: The style pictures.
        settings: Of both.
    """

    def __init__(self, style: Sources, settings: Settings) -> None:
        from impasto.fast import FastStylizer
        from impasto.optimize import IterativeStylizer

        self.settings = settings
        styles = read_styles(style)
        self.fast = FastStylizer(styles, _fast_settings(settings))
        self.slow = IterativeStylizer(styles, settings)

    def __call__(self, content: Source) -> Picture:
        """Return the stylized picture."""
        return self.run(content).finish()

    def run(
        self,
        content: Source,
        *,
        reference: Reference | None = None,
        started: float | None = None,
    ) -> Run:
        """Begin a run; see `impasto.runs.Stylizer`."""
        source = read_source(content)
        opened = open_for_role(source, "content", self.settings.size, self.settings)
        source = source if opened.identity is None else opened
        if reference is not None and reference.frames:
            return self.slow.run(source, reference=reference, started=started)
        first = self.fast.run(source)
        second = self.slow.run(source, started=started, start=first)
        return WarmRun(first, second, self.fast, self.settings.time)

    def changed(self, **options: Unpack[Options]) -> FastThenOptimize:
        """Return a stylizer of the same styles with other settings; see `Stylizer`."""
        other = copy(self)
        other.settings = self.settings.updated(**options)
        other.slow = self.slow.changed(**options)
        fast: Any = _fast_settings(other.settings).to_dict()
        other.fast = self.fast.changed(**fast)
        return other

    def at_size(self, size: int) -> FastThenOptimize:
        """Return one whose results have another size; see `Stylizer`."""
        other = copy(self)
        other.settings = self.settings.updated(size=size)
        other.fast, other.slow = self.fast.at_size(size), self.slow.at_size(size)
        return other

    def with_styles(self, style: Sources) -> FastThenOptimize:
        """Return a stylizer of other styles that shares the networks; see `Stylizer`."""
        other, styles = copy(self), read_styles(style)
        other.fast, other.slow = self.fast.with_styles(styles), self.slow.with_styles(styles)
        return other

    def describe(self) -> str:
        """Describe briefly what it computes with, and where."""
        return f"{self.fast.describe()}; then {self.slow.describe()}"

    @property
    def weights(self) -> list[dict[str, str]]:
        """Names and SHA-256 of the files that it paints with."""
        return [*self.fast.weights, *self.slow.weights]


class WarmRun(Run):
    """A run that begins with the picture of another one.

    Args:
        first: The other one.
        second: The run, which starts from it.
        fast: What paints in the first one.
        limit: Seconds that both may take, or None.
    """

    def __init__(self, first: Run, second: Run, fast: FastStylizer, limit: float | None) -> None:
        self._first: Run | None = first
        self._second, self._fast, self._limit = second, fast, limit

    def __iter__(self) -> Iterator[State]:
        """Return the run itself."""
        return self

    def __next__(self) -> State:
        """Take a step of the second run."""
        state = next(self._second)
        self._first = None  # a large one is not kept
        return state

    @property
    def plan(self) -> Plan:
        """What both runs take; after the first step, what the second takes."""
        if self._first is None:
            return self._second.plan
        first, second = self._first.plan, self._second.plan
        seconds = self._limit or first.seconds + second.seconds
        return Plan(
            (*first.stages, *second.stages),
            max(first.bytes, second.bytes),
            seconds,
            second.where,
        )

    @property
    def pixels(self) -> NDArray[np.float32]:
        """The result as it stands."""
        return self._second.pixels

    @property
    def picture(self) -> Picture:
        """The result, its recipe saying what the start was made with."""
        picture, network = self._second.picture, self._fast.network
        recipe: dict[str, Any] = dict(picture.recipe or {})
        recipe |= {"weights": [*network.named, *recipe["weights"]], "runtime": network.machine}
        recipe["settings"] = {**recipe["settings"], "runtime": network.runtime}
        return replace(picture, recipe=recipe)

    @property
    def memory(self) -> Memory:
        """What the next frame needs of the second run."""
        return self._second.memory

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of the second run."""
        return self._second.notes

    def state_dict(self) -> StateDict:
        """Return what the second run is resumed from."""
        return self._second.state_dict()

    def load_state_dict(self, state: StateDict) -> None:
        """Resume the second run; the first one is not needed then."""
        self._second.load_state_dict(state)
