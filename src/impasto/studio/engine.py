"""What paints for all visitors: stylizers kept warm, one job at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from impasto.errors import ImpastoError, SettingsError
from impasto.gallery import open_style
from impasto.gallery.names import PREFIX
from impasto.images import Picture, Source, identify
from impasto.runs import Plan, Run, Stylizer
from impasto.settings import FIELDS, Settings
from impasto.settings.declaration import check_known
from impasto.studio.files import File
from impasto.studio.options import StudioOptions
from impasto.studio.regions import Regions
from impasto.studio.turns import Job, Ticket, Turns
from impasto.stylizers import stylizer

#: A style: a visitor's, or the name of one: `gallery:mosaic`.
Style: TypeAlias = File | str
#: Stylizers that are kept: what the pages that are open use.
_MOST_WARM = 6


@dataclass(frozen=True)
class Order:
    """What is to be painted."""

    content: File
    styles: tuple[Style, ...]
    settings: Settings
    regions: Regions = field(default_factory=Regions)

    @property
    def names(self) -> list[str]:
        """What the content and the styles are called."""
        return [self.content.name, *map(name_of, self.styles)]

    @property
    def whole(self) -> Settings:
        """The settings, with the masks of the regions."""
        return self.regions.put_into(self.settings)


class Engine:
    """Paints orders, one at a time."""

    def __init__(self, options: StudioOptions) -> None:
        self.options = options
        self.turns = Turns(options.queue)
        self._warm: OrderedDict[object, Stylizer] = OrderedDict()
        self._lock = threading.Lock()

    def settings(self, values: dict[str, Any]) -> Settings:
        """Return settings that this studio takes.

        Raises:
            SettingsError: One is out of range, too large for this studio, or names a file.
        """
        for name in values:
            check_known(name, FIELDS)
        return self.checked(Settings.from_dict(values))

    def checked(self, settings: Settings) -> Settings:
        """Return settings if this studio takes them, or raise SettingsError."""
        if settings.size > self.options.max_size:
            raise SettingsError(f"size is at most {self.options.max_size} in this studio")
        if settings.weights is not None or settings.row.one_style or settings.pictures:
            raise SettingsError("the studio opens no files by name: leave them out")
        if settings.tune:
            raise SettingsError("tune is a job of its own in the studio: leave it out")
        return settings

    def start(self, who: str, steps: Callable[[], Iterator[object]]) -> Job:
        """Begin a job, which waits for its turn."""
        return Job(self.turns, who, steps, 60 * self.options.minutes)

    def quick(
        self, who: str, content: File | Picture, styles: tuple[Style, ...], settings: Settings
    ) -> Picture:
        """Paint a picture, or a camera's frame, in one pass, when it is its turn."""
        with self.turns.turn(Ticket(who)):
            source = content.path if isinstance(content, File) else content
            return self._stylizer(styles, settings)(source)

    def run(self, order: Order) -> Run:
        """Begin an order; to be called, and gone through, when it is its turn."""
        return self._stylizer(order.styles, order.whole).run(order.content.path)

    def plan(self, who: str, order: Order) -> Plan:
        """Return what an order will take, after a few steps, when it is its turn."""
        with self.turns.turn(Ticket(who)):
            return self.run(order).plan

    def warm_up(self) -> None:
        """Load, beside everything else, what the first visitor would wait for."""
        threading.Thread(target=self._warmed_up, daemon=True).start()

    def _warmed_up(self) -> None:
        content = open_style("strokes", 256)
        for settings in (Settings(method="fast"), Settings(size=64, steps=(1,), min_size=64)):
            # What is missing is told to those who need it.
            with suppress(ImpastoError):
                self.quick("", content, ("gallery:strokes",), settings)

    def _stylizer(self, styles: tuple[Style, ...], settings: Settings) -> Stylizer:
        """Return a stylizer; one whose styles have been read before, if there is one."""
        # Strength and shares are no reason to read the styles again.
        plain = settings.updated(strength=1.0, style_weights=None)
        key = (tuple(s if isinstance(s, str) else identify(s.path) for s in styles), plain)
        with self._lock:
            warm = self._warm.get(key) or stylizer([opened(style) for style in styles], plain)
            self._warm[key] = warm
            self._warm.move_to_end(key)
            if len(self._warm) > _MOST_WARM:
                self._warm.popitem(last=False)
        if plain == settings:
            return warm
        return warm.changed(strength=settings.strength, style_weights=settings.style_weights)


def opened(style: Style) -> Source:
    """Return what a stylizer takes."""
    return style if isinstance(style, str) else style.path


def name_of(style: Style) -> str:
    """Return what a style is called."""
    return style.removeprefix(PREFIX) if isinstance(style, str) else style.name
