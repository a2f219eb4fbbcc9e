"""What paints for all visitors: stylizers kept warm, one job at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from impasto.errors import ImpastoError, SettingsError
from impasto.gallery import open_style
from impasto.gallery.names import PREFIX, style_path
from impasto.images import Picture, fitted_size, identify, open_picture
from impasto.runs import Run, Stylizer
from impasto.settings import FIELDS, Settings
from impasto.settings.choices import REST
from impasto.settings.declaration import check_known
from impasto.studio.options import StudioOptions
from impasto.studio.store import File
from impasto.studio.turns import BusyError, Ticket, Turns
from impasto.stylizers import for_many_sizes, stylizer

#: Stylizers and scaled photographs that are kept: what the pages that are open use.
_MOST_WARM, _MOST_SCALED = 16, 8
T = TypeVar("T")


class Style(NamedTuple):
    """A style, as a stylizer takes it: a visitor's file, or the name of one that has a name."""

    name: str
    source: str | Path

    @property
    def path(self) -> Path:
        """Its picture."""
        return style_path(self.source) if isinstance(self.source, str) else self.source


@dataclass(frozen=True)
class Order:
    """What is to be painted.

    Attributes:
        keep: A mask of what stays the photograph, or None.
        masks: Of what takes each style only; None: what the others leave. No visitor names files,
            so they are not in the settings.
    """

    content: File
    styles: tuple[Style, ...]
    settings: Settings
    keep: Path | None = None
    masks: tuple[Path | None, ...] = ()

    @property
    def names(self) -> list[str]:
        """What the content and the styles are called."""
        return [self.content.name, *(style.name for style in self.styles)]

    def masked(self, settings: Settings) -> Settings:
        """Return settings with the masks; SettingsError: they name others already."""
        named: dict[str, Any] = {"keep": str(self.keep)} if self.keep else {}
        if any(self.masks):
            named["masks"] = tuple(str(each) if each else REST for each in self.masks)
        for name in named:
            if getattr(settings, name) is not None:
                raise SettingsError(f"{name} is painted and named: clear the brush, or the name")
        return settings.updated(**named)


@lru_cache(_MOST_SCALED)
def _scaled(path: Path, size: int) -> Picture:
    """Return an upload, which never changes, as large as it is painted."""
    picture = open_picture(path, max_size=size)
    return picture.resized(fitted_size(picture.size, size))


class Engine:
    """Paints orders, one at a time."""

    def __init__(self, options: StudioOptions) -> None:
        self.options = options
        self.turns = Turns(options.queue)
        self._warm: OrderedDict[object, Stylizer] = OrderedDict()

    def settings(self, values: dict[str, Any]) -> Settings:
        """Return settings, as `checked`."""
        for name in values:
            check_known(name, FIELDS)
        return self.checked(Settings.from_dict(values))

    def checked(self, settings: Settings) -> Settings:
        """Return settings; SettingsError: they are too large for this studio, or name a file."""
        if settings.size is not None and not 0 < settings.size <= self.options.max_size:
            most = self.options.max_size
            raise SettingsError(f"size is at most {most} (impasto studio --max-size raises that)")
        if settings.weights is not None or settings.method_row.one_style or settings.pictures:
            raise SettingsError("the studio opens no files by name: leave them out")
        if settings.tune:
            raise SettingsError("tune is a job of its own in the studio: leave it out")
        return settings

    def in_turn(self, ticket: Ticket, act: Callable[[], T]) -> T:
        """Do something short when it is its turn; BusyError: it never is."""
        with self.turns.turn(ticket) as has:
            if not has:
                raise BusyError("something newer has taken the place of this")
            return act()

    def run(self, order: Order) -> Run:
        """Begin an order; to be called, and gone through, when it is its turn."""
        settings = order.masked(order.settings)
        return self.stylizer(order.styles, settings).run(order.content.path)

    def quick(self, order: Order) -> Picture:
        """Paint an order in one pass, when it is its turn; its content is decoded once."""
        content = _scaled(order.content.path, order.settings.size)
        return self.stylizer(order.styles, order.masked(order.settings))(content)

    def warm_up(self) -> None:
        """Load what the first visitor would wait for."""
        fast = for_many_sizes(Settings(method="fast"))
        for settings in (fast, Settings(size=64, steps=(1,), min_size=64)):
            # What is missing is told to those who need it.
            with suppress(ImpastoError):
                self.in_turn(Ticket(""), partial(self.sample, 256, settings))

    def sample(self, size: int, settings: Settings) -> None:
        """Paint one of the drawn styles in another."""
        self.stylizer([Style("strokes", f"{PREFIX}strokes")], settings)(open_style("strokes", size))

    def stylizer(self, styles: Sequence[Style], settings: Settings) -> Stylizer:
        """Return a stylizer, one whose styles have been read before if there is one, in turn."""
        # Strength and shares are no reason to read the styles again.
        plain = settings.updated(strength=1.0, style_weights=None)
        sources = [style.source for style in styles]
        key = (tuple(s if isinstance(s, str) else identify(s) for s in sources), plain)
        warm = self._warm.get(key) or stylizer(sources, plain)
        self._warm[key] = warm
        self._warm.move_to_end(key)
        if len(self._warm) > _MOST_WARM:
            self._warm.popitem(last=False)
        if plain == settings:
            return warm
        return warm.changed(strength=settings.strength, style_weights=settings.style_weights)
