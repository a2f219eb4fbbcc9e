"""What paints for all visitors: stylizers kept warm, one job at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from impasto.errors import SettingsError
from impasto.gallery import DRAWINGS, open_style
from impasto.gallery.names import PREFIX, style_path
from impasto.images import Picture, fitted_size, open_picture
from impasto.runs import Run, Stylizer
from impasto.settings import FIELDS, Settings
from impasto.settings.choices import REST
from impasto.settings.methods import NETWORK_FILES, method_of
from impasto.studio.options import StudioOptions
from impasto.studio.store import File
from impasto.studio.turns import Turns
from impasto.stylizers import for_many_sizes, stylizer

#: Stylizers and scaled photographs that are kept: what the pages that are open use; and the drawn
#: styles that are read before anybody chooses one, those that a page shows first.
_MOST_WARM, _MOST_SCALED, _AHEAD = 24, 8, 12
#: Longest side, in pixels, of most pictures that are painted at a tap.
_READ = 640


class Style(NamedTuple):
    """A style, as a stylizer takes it: a visitor's file, or the name of one that has a name."""

    name: str
    source: str | Path

    @property
    def path(self) -> Path:
        """Its picture."""
        return style_path(self.source) if isinstance(self.source, str) else self.source


def settings_for(styles: Sequence[Style], settings: Settings) -> Settings:
    """Return settings for styles: a network paints in one pass, whatever quality is asked for."""
    if not any(is_network(style) for style in styles):
        return settings
    fast = method_of("fast")
    changed = {name for name in FIELDS if getattr(settings, name) != getattr(Settings(), name)}
    kept = {n: getattr(settings, n) for n in changed if fast.takes(n, FIELDS[n].metadata["group"])}
    return Settings(**{**kept, "method": "fast"})


def is_network(style: Style) -> bool:
    """Tell whether a style is a network that was tuned to it."""
    return Path(style.source).suffix.lower() in NETWORK_FILES


@dataclass(frozen=True)
class Order:
    """What is to be painted; masks are not in the settings, since no visitor names files."""

    content: File
    styles: tuple[Style, ...]
    settings: Settings
    keep: Path | None = None  # a mask of what stays the photograph
    masks: tuple[Path | None, ...] = ()  # of what takes each style; None: what the others leave

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
    """Paints orders, when it is their turn."""

    def __init__(self, options: StudioOptions) -> None:
        self.options = options
        self.turns = Turns(options.queue)
        self.warm = lru_cache(_MOST_WARM)(stylizer)

    def checked(self, settings: Settings) -> Settings:
        """Return settings; SettingsError: they are too large for this studio, or name a file."""
        most = self.options.max_size
        if settings.size is not None and not 0 < settings.size <= most:  # 0: the content's own
            raise SettingsError(f"size is at most {most} (impasto studio --max-size raises that)")
        if settings.weights is not None or settings.method_row.one_style or settings.pictures:
            raise SettingsError("the studio opens no files by name: leave them out")
        if settings.tune:
            raise SettingsError("tune is a job of its own in the studio: leave it out")
        return settings

    def run(self, order: Order) -> Run:
        """Begin an order."""
        return self.stylizer(order.styles, order.masked(order.settings)).run(order.content.path)

    def quick(self, order: Order) -> Picture:
        """Paint an order in one pass; its content is decoded once."""
        settings, size = order.masked(order.settings), order.settings.size_limit
        # Styles that are read once for what is a little smaller, too, look almost the same there.
        read = settings.updated(size=max(size, _READ if size > 0.75 * _READ else 0))
        return self.stylizer(order.styles, read).at_size(size)(_scaled(order.content.path, size))

    def read_ahead(self) -> None:
        """Read the first drawn styles, one by one, whenever nobody waits."""
        settings = for_many_sizes(Settings(method="fast", size=_READ))
        styles = [[Style(name, f"{PREFIX}{name}")] for name in [*DRAWINGS][:_AHEAD]]
        self.turns.when_idle(partial(self.stylizer, each, settings) for each in styles)

    def sample(self, size: int, settings: Settings) -> None:
        """Paint one of the drawn styles in another; what the first visitor would wait for."""
        self.stylizer([Style("strokes", f"{PREFIX}strokes")], settings)(open_style("strokes", size))

    def stylizer(self, styles: Sequence[Style], settings: Settings) -> Stylizer:
        """Return a stylizer, one whose styles have been read before if there is one."""
        # Strength and shares are no reason to read the styles again.
        plain = settings.updated(strength=1.0, style_weights=None)
        warm = self.warm(tuple(style.source for style in styles), plain)
        if plain == settings:
            return warm
        return warm.changed(strength=settings.strength, style_weights=settings.style_weights)
