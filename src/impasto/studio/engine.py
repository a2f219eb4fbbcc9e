"""What paints for all visitors: stylizers kept warm, one work at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

from impasto.errors import ImpastoError, SettingsError
from impasto.gallery.drawings import drawing_path
from impasto.images import Picture, identify
from impasto.runs import Plan, Run, State, Stylizer
from impasto.settings import Settings
from impasto.studio.options import StudioOptions
from impasto.studio.regions import Regions
from impasto.studio.turns import Job, Ticket, Turns
from impasto.stylizers import stylizer

T = TypeVar("T")
#: Stylizers that are kept: what the pages that are open use.
_MOST_WARM = 6


@dataclass(frozen=True)
class Order:
    """What is to be painted."""

    content: Path
    styles: tuple[Path, ...]
    settings: Settings
    regions: Regions = field(default_factory=Regions)

    @property
    def whole(self) -> Settings:
        """The settings, with the masks of the regions."""
        return self.regions.put_into(self.settings)


class Step(NamedTuple):
    """A step of a run."""

    state: State
    run: Run

    @property
    def picture(self) -> Picture:
        """The result as it stands."""
        return self.run.picture


class Engine:
    """Paints orders, one at a time."""

    def __init__(self, options: StudioOptions) -> None:
        self.options = options
        self.turns = Turns(options.queue)
        self._warm: OrderedDict[object, Stylizer] = OrderedDict()
        self._lock = threading.Lock()
        self._warming = False

    def settings(self, values: dict[str, object]) -> Settings:
        """Return settings that this studio takes.

        Raises:
            SettingsError: One is out of range, too large for this studio, or names a file of this
                machine where visitors come from others.
        """
        if not isinstance(values, dict):
            raise SettingsError("settings are names and their values: {}")
        return self.checked(Settings.from_dict(values))

    def checked(self, settings: Settings) -> Settings:
        """Return settings if this studio takes them, or raise SettingsError."""
        if settings.size > self.options.max_size:
            raise SettingsError(f"size is at most {self.options.max_size} in this studio")
        if not self.options.takes_files and _names_files(settings):
            raise SettingsError("this studio takes no names of files: leave them out")
        if settings.tune:
            raise SettingsError("tune takes minutes in which nobody else is served: leave it out")
        return settings

    def start(self, who: str, items: Callable[[], Iterator[T]]) -> Job[T]:
        """Begin a work, which waits for its turn."""
        return Job(self.turns, who, items, 60 * self.options.minutes)

    def quick(
        self, who: str, content: Path | Picture, styles: tuple[Path, ...], settings: Settings
    ) -> Picture:
        """Paint a picture, or a camera's frame, in one pass, when it is its turn."""
        with self.turns.turn(Ticket(who)):
            return self._stylizer(styles, settings)(content)

    def run(self, order: Order) -> Run:
        """Begin an order; to be called, and gone through, when it is its turn."""
        return self._stylizer(order.styles, order.whole).run(order.content)

    def steps(self, begun: Run | Order) -> Iterator[Step]:
        """Paint an order, or go through its run; to be called when it is its turn."""
        run = self.run(begun) if isinstance(begun, Order) else begun
        for state in run:
            yield Step(state, run)

    def plan(self, who: str, order: Order) -> Plan:
        """Return what an order will take, after a few steps, when it is its turn."""
        with self.turns.turn(Ticket(who)):
            return self.run(order).plan

    def warm_up(self) -> None:
        """Load, beside everything else, what the first visitor would wait for; once."""
        with self._lock:
            begun, self._warming = self._warming, True
        if not begun:
            threading.Thread(target=self._warmed_up, daemon=True).start()

    def _warmed_up(self) -> None:
        style = (drawing_path("strokes"),)
        for settings in (Settings(method="fast"), Settings(size=64, steps=(1,), min_size=64)):
            # What is missing is told to those who need it.
            with suppress(ImpastoError), self.turns.turn(Ticket("")):
                self.run(Order(style[0], style, settings)).finish()

    def _stylizer(self, styles: tuple[Path, ...], settings: Settings) -> Stylizer:
        """Return a stylizer; one whose styles have been read before, if there is one."""
        # Strength and shares are no reason to read the styles again.
        plain = settings.updated(strength=1.0, style_weights=None)
        key = (tuple(identify(style) for style in styles), plain)
        with self._lock:
            warm = self._warm.get(key) or stylizer(list(styles), plain)
            self._warm[key] = warm
            self._warm.move_to_end(key)
            if len(self._warm) > _MOST_WARM:
                self._warm.popitem(last=False)
        if plain == settings:
            return warm
        return warm.changed(strength=settings.strength, style_weights=settings.style_weights)


def _names_files(settings: Settings) -> bool:
    own = settings.weights is not None or settings.row.one_style
    return own or bool(settings.pictures)
