"""A batch from beginning to end: pictures found, named, painted, and shown on sheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.batch.pairs import find_pictures, make_pairs
from impasto.batch.running import Outcome, paint_pairs
from impasto.batch.sheets import save_page, save_sheet
from impasto.errors import SettingsError
from impasto.fast.tuned import find_styles, is_network, network_settings
from impasto.gallery.names import find_style, gallery_name
from impasto.images import source_list
from impasto.settings import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.settings.typed import Options

SHEET, PAGE = "sheet.png", "sheet.html"


class Batch:
    """Every content in every style, into a folder.

    Args:
        contents: Files, folders and patterns of pictures to paint.
        styles: Of style pictures, or names; none where the method knows its own style.
        folder: Where results go.
        settings: All options, of every picture.
        format: Of the results: `jpg`, `png`, …

    Attributes:
        pairs: What is to be made.

    Raises:
        ImageError: There are no pictures.
        SettingsError: The styles do not fit the method.
    """

    def __init__(
        self,
        contents: Sequence[str],
        styles: Sequence[str],
        folder: Path,
        settings: Settings,
        format: str = "jpg",
    ) -> None:
        if not styles and not settings.row.one_style:
            raise SettingsError("give style pictures: --styles FILE or FOLDER")
        if styles and settings.row.one_style:
            raise SettingsError(f"{settings.method} knows one style: leave --styles out")
        self.folder, self.settings = folder, settings
        self.contents = find_pictures(contents, folder)
        self._named = {str(find_style(style)): style for style in styles}
        self.styles = find_pictures(self._named)
        for network in filter(is_network, self.styles):
            raise SettingsError(f"{network} is not a picture: --method {network} paints with it")
        suffix, method = f".{format.lstrip('.')}", Path(settings.method).stem
        self.pairs = make_pairs(self.contents, self.styles, suffix, method)

    @cached_property
    def looks(self) -> list[Path]:
        """The style pictures, or networks that are tuned to them; some are tuned when asked for."""
        return [self._look(style) for style in self.styles]

    def _look(self, picture: Path) -> Path:
        if self.settings.tune:
            network_settings([picture], self.settings)
        given = self._named.get(str(picture))
        if given is None or gallery_name(given) is None:
            return picture
        (look,) = find_styles(given, self.settings)
        return Path(str(look)) if is_network(look) else picture

    def paint(self, workers: int | None = None, *, fresh: bool = False) -> Iterator[Outcome]:
        """Paint what is missing or has changed; see `paint_pairs`."""
        return paint_pairs(
            self.pairs, self.looks, self.settings, self.folder, workers=workers, fresh=fresh
        )

    def save_sheets(self, outcomes: Sequence[Outcome]) -> list[Path]:
        """Save a picture and a page of all results, and return their paths."""
        results = {(o.pair.content, o.pair.style): o.path for o in outcomes if o.path is not None}
        sheets = ((save_sheet, SHEET), (save_page, PAGE))
        return [
            save(self.contents, self.styles, results, self.folder / name) for save, name in sheets
        ]


def stylize_batch(
    contents: str | Path | Sequence[str | Path],
    styles: str | Path | Sequence[str | Path],
    folder: str | Path,
    settings: Settings | None = None,
    *,
    format: str = "jpg",
    workers: int | None = None,
    fresh: bool = False,
    **options: Unpack[Options],
) -> list[Outcome]:
    """Paint every content in every style, as `impasto batch` does.

    Called again it makes only what is missing or has changed.

    Args:
        contents: Pictures to paint: files, folders, patterns; one or several.
        styles: Style pictures likewise, or names; empty where the method knows its own style.
        folder: Where the results go, with a sheet of all of them.
        settings: All options at once, or None for the defaults.
        format: Of the results: `jpg`, `png`, …
        workers: Pictures at once; None: by the cores and the method.
        fresh: Whether everything is made again.
        **options: Single options, by the names of `Settings`.

    Returns:
        What became of each picture; one that failed does not stop the others.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: There are no pictures, or the folder cannot be written to.
        WeightsError: Trained weights that cannot be had.
    """
    settings = (settings or Settings()).updated(**options)
    named, looks = ([str(each) for each in source_list(given)] for given in (contents, styles))
    batch = Batch(named, looks, Path(folder), settings, format)
    outcomes = list(batch.paint(workers, fresh=fresh))
    batch.save_sheets(outcomes)
    return outcomes
