"""Painting every content in every style: found, named, painted, and shown on sheets.

One after the other for a method that fills the machine by itself, else several at once, so that
decoding, painting and encoding overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from impasto.batch.pairs import Pair, find_pictures, make_folder, make_pairs
from impasto.batch.sheets import save_page, save_sheet
from impasto.errors import ImageError, SettingsError
from impasto.fast.tuned import find_styles, is_network, network_settings
from impasto.files import Journal, fingerprint
from impasto.gallery.names import find_style
from impasto.images import LEAST_PICTURE, Picture, identify, open_picture, source_list
from impasto.machine import cores
from impasto.runs import Stylizer
from impasto.settings import Settings
from impasto.stylizers import files_of, for_many_sizes, stylizer

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.settings.typed import Options

#: What was made of what, a line for each result; the next run reads it.
JOURNAL = "batch.jsonl"
#: Items that are under way, for each worker.
WAITING = 2
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Outcome:
    """What became of a pair.

    Attributes:
        pair: Which.
        path: Where the result is; None if it failed.
        error: Why it failed, in one line.
        again: Whether the result was there from an earlier run.
    """

    pair: Pair
    path: Path | None
    error: str | None = None
    again: bool = False


class Batch:
    """Every content in every style, into a folder; its arguments are those of `stylize_batch`.

    Raises:
        ImageError: There are no pictures.
        SettingsError: The styles do not fit the method.
    """

    def __init__(
        self,
        contents: str | Path | Sequence[str | Path],
        styles: str | Path | Sequence[str | Path],
        folder: str | Path,
        settings: Settings,
        format: str = "jpg",
    ) -> None:
        named, looks = ([str(each) for each in source_list(given)] for given in (contents, styles))
        if not looks and not settings.row.one_style:
            raise SettingsError("give style pictures: --styles FILE or FOLDER")
        if looks and settings.row.one_style:
            raise SettingsError(f"{settings.method} knows one style: leave --styles out")
        self.folder, self.settings = Path(folder), settings
        self.contents = find_pictures(named, self.folder)
        self._named = {str(find_style(look)): look for look in looks}
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
        (look,) = find_styles(self._named.get(str(picture), picture), self.settings)
        return Path(str(look)) if is_network(look) else picture

    def paint(self, workers: int | None = None, *, fresh: bool = False) -> Iterator[Outcome]:
        """Paint what is missing or has changed; yield what becomes of each pair, as it is done.

        A result is kept if the journal in the folder says that it was made of the same inputs with
        the same settings.

        Args:
            workers: Pictures at once; None: one a core for a method of one pass, else one.
            fresh: Whether everything is made again.

        Raises:
            ImageError: The folder cannot be written to, or a style not be read.
            ImpastoError: The method's weights or runtime are not there.
        """
        make_folder(self.folder)
        Picture.check_saving(self.folder / self.pairs[0].name, self.settings.bits or 8)
        painter = _Painter(self, fresh)
        count = workers or (1 if self.settings.row.steps else cores())
        yield from as_done(ThreadPoolExecutor(count), painter.paint, self.pairs, count)

    def save_sheets(self, outcomes: Sequence[Outcome]) -> list[Path]:
        """Save a picture and a page of all results, and return their paths."""
        results = {(o.pair.content, o.pair.style): o.path for o in outcomes if o.path is not None}
        shown = self.contents, self.styles, results
        return [
            save_sheet(*shown, self.folder / "sheet.png"),
            save_page(*shown, self.folder / "sheet.html"),
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
    batch = Batch(contents, styles, folder, settings, format)
    outcomes = list(batch.paint(workers, fresh=fresh))
    batch.save_sheets(outcomes)
    return outcomes


class _Painter:
    """What the workers of a batch share."""

    def __init__(self, batch: Batch, fresh: bool) -> None:
        self.styles, self.folder, self.fresh = batch.looks, batch.folder, fresh
        self.settings = for_many_sizes(batch.settings)
        self.protected = {path.resolve() for path in (*batch.contents, *self.styles)}
        self.stylizers: dict[int | None, Stylizer] = {}
        self.journal = Journal(self.folder / JOURNAL)
        noted = self.journal.entries("name", "inputs")
        self.made = {entry["name"]: entry["inputs"] for entry in noted}
        self.files = files_of(self.settings)
        # All styles are read before the first picture: a bad one is told at once.
        if not self.settings.row.steps:
            for number in range(len(self.styles)) if self.styles else [None]:
                self.stylizers[number] = self._stylizer(number)
        else:
            for path in self.styles:
                open_picture(path, max_size=LEAST_PICTURE)

    def _stylizer(self, style: int | None) -> Stylizer:
        return stylizer([] if style is None else [self.styles[style]], self.settings)

    def paint(self, pair: Pair) -> Outcome:
        """Paint one pair, unless that was done; nothing but Ctrl-C ends the others."""
        target = self.folder / pair.name
        try:
            inputs = self._inputs(pair)
            if not self.fresh and self.made.get(pair.name) == inputs and target.is_file():
                return Outcome(pair, target, again=True)
            self._check_target(target)
            # Those that optimize hold an encoder each: none of them is kept.
            kept = self.stylizers.get(pair.style) or self._stylizer(pair.style)
            kept(pair.content).save(target, overwrite=True)
            self.journal.add(name=pair.name, inputs=inputs)
        except MemoryError:
            return Outcome(pair, None, "out of memory: try a smaller --size or fewer --workers")
        except Exception as error:  # whatever it is, the others go on
            return Outcome(pair, None, reason_of(error))
        return Outcome(pair, target)

    def _check_target(self, target: Path) -> None:
        if target.resolve() in self.protected:
            raise ImageError(f"{target} is one of the inputs: name another folder")
        if target.exists() and target.name not in self.made:
            raise ImageError(f"{target} is there and was made by something else: move it")

    def _inputs(self, pair: Pair) -> str:
        """Return what a result depends on, as a fingerprint."""
        style = None if pair.style is None else identify(self.styles[pair.style]).sha256
        kept = self.stylizers.get(pair.style)
        files = [each["sha256"] for each in kept.weights] if kept else self.files
        content = identify(pair.content).sha256
        return fingerprint([content, style, files, self.settings.to_dict()])


def as_done(
    pool: Executor, work: Callable[[ItemT], ResultT], items: Iterable[ItemT], workers: int
) -> Iterator[ResultT]:
    """Yield what the workers of a pool make of items, as it is done; then shut the pool down.

    A few items wait for each worker, not all: memory stays bounded.
    """
    left, running = iter(items), set[Future[ResultT]]()
    try:
        while True:
            for item in islice(left, workers * WAITING - len(running)):
                running.add(pool.submit(work, item))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def reason_of(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
