"""Method `fast+optimize`: a network lays the picture out, and optimization paints it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from impasto.fast import FastStylizer
from impasto.gallery.names import read_styles
from impasto.images import Picture, Source, Sources, open_for_role, read_source
from impasto.optimize import IterativeStylizer
from impasto.optimize.loop import IterativeRun
from impasto.runs import Plan, Reference, Run, State
from impasto.settings import Settings
from impasto.settings.typed import Options

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

#: Settings that the two halves share.
_SHARED = (
    *("size", "style_scale", "style_turn", "style_tiles", "style_weights", "strength"),
    *("masks", "runtime", "device"),
)


class FastThenOptimize(IterativeStylizer):
    """Optimizes pixels, from the picture of another stylizer on: that of method fast."""

    def __init__(self, style: Sources, settings: Settings) -> None:
        styles = read_styles(style)
        self.fast = FastStylizer(styles, _fast_settings(settings))
        super().__init__(styles, settings)

    def run(
        self, content: Source, *, reference: Reference | None = None, started: float | None = None
    ) -> IterativeRun:
        """Begin a run; see `impasto.runs.Stylizer`."""
        source = read_source(content)
        if not self.settings.size:
            return self.sized(source).run(source, reference=reference, started=started)
        opened = open_for_role(source, "content", self.settings.size, self.settings)
        source = source if opened.identity is None else opened
        if reference is not None and reference.frames:
            return super().run(source, reference=reference, started=started)
        return WarmRun(self, source, started)

    def changed(self, **options: "Unpack[Options]") -> "Self":
        """Return a stylizer of the same styles with other settings; see `Stylizer`."""
        other = super().changed(**options)
        if other.fast is self.fast:  # else it is made anew
            other.fast = self.fast.changed(**_fast_settings(other.settings).to_dict())
        return other

    def at_size(self, size: int) -> "Self":
        """Return one whose results have another size; see `Stylizer`."""
        other = super().changed(size=size)
        other.fast = self.fast.at_size(size)
        return other

    def with_styles(self, style: Sources) -> "Self":
        """Return a stylizer of other styles that shares the networks; see `Stylizer`."""
        styles = read_styles(style)
        other = super().with_styles(styles)
        other.fast = self.fast.with_styles(styles)
        return other

    def describe(self) -> str:
        """Describe briefly what it computes with, and where."""
        return f"{self.fast.describe()}; then {super().describe()}"

    @property
    def weights(self) -> list[dict[str, str]]:
        """Names and SHA-256 of the files that it paints with."""
        return [*self.fast.weights, *super().weights]


class WarmRun(IterativeRun):
    """A run that begins with the picture of the network."""

    def __init__(self, stylizer: FastThenOptimize, content: Source, started: float | None) -> None:
        self._network = stylizer.fast.network
        self._first: Run | None = stylizer.fast.run(content)
        super().__init__(stylizer.reader, content, started, self._first)

    def __next__(self) -> State:
        state = super().__next__()
        self._first = None  # a large one is not kept
        return state

    @property
    def plan(self) -> Plan:
        """What both parts take; after the first step, what optimization takes."""
        second = super().plan
        if self._first is None:
            return second
        first = self._first.plan
        return replace(
            second,
            stages=(*first.stages, *second.stages),
            bytes=max(first.bytes, second.bytes),
            seconds=self.settings.time or first.seconds + second.seconds,
        )

    @property
    def picture(self) -> Picture:
        """The result, its recipe saying what the start was made with."""
        picture, network = super().picture, self._network
        recipe: dict[str, Any] = dict(picture.recipe or {})
        recipe |= {"weights": [*network.named, *recipe["weights"]], "runtime": network.machine}
        recipe["settings"] = {**recipe["settings"], "runtime": network.runtime}
        return replace(picture, recipe=recipe)


def _fast_settings(settings: Settings) -> Settings:
    shared: Any = {name: getattr(settings, name) for name in _SHARED}
    # Colors that are put back in the end are painted as the style has them until then.
    if settings.color_mode.recolor_style:
        shared |= {"color": settings.color, "color_amount": settings.color_amount}
    return Settings(method="fast", **shared)
