"""Painting every content in every style: found, named, painted, and shown on sheets.

One after the other for a method that fills the machine by itself, else several at once, so that
decoding, painting and encoding overlap.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from impasto.batch.pairs import Outcome, Pair, find_pictures, make_folder, make_pairs, reason_of
from impasto.batch.sheets import save_page, save_sheet
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.fast.tuned import is_network, network_settings
from impasto.files import Journal, disk_is_full, fingerprint, working_alone
from impasto.gallery.names import find_style
from impasto.images import LEAST_PICTURE, Picture, identify, open_picture, source_list
from impasto.machine import cores
from impasto.recipes import picture_files
from impasto.runs import Stylizer
from impasto.settings import Settings
from impasto.settings.typed import Options
from impasto.stylizers import files_of, for_many_sizes, stylizer

if TYPE_CHECKING:
    from typing_extensions import Unpack

SHEET, PAGE = "sheet.png", "sheet.html"
#: The journal: inputs of each result, a line each; the next run reads it.
JOURNAL = "batch.jsonl"
#: Items that are submitted at a time, for each worker; seconds for those that run at Ctrl-C, and
#: between two looks whether it came.
WAITING, PATIENCE, _LOOK = 2, 4.0, 0.5
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Batch:
    """Every content in every style, into a folder; its arguments are those of `stylize_batch`."""

    def __init__(
        self,
        contents: str | Path | Sequence[str | Path],
        styles: str | Path | Sequence[str | Path],
        folder: str | Path,
        settings: Settings,
        format: str = "jpg",
    ) -> None:
        named, chosen = ([str(each) for each in source_list(given)] for given in (contents, styles))
        if not chosen and not settings.method_row.one_style:
            raise SettingsError("give style pictures: --styles FILE or FOLDER")
        if chosen and settings.method_row.one_style:
            raise SettingsError(f"{settings.method} knows one style: leave --styles out")
        settings.check_one_style()
        self.folder, self.settings = Path(folder), settings
        self._journal, self._ending = Journal(self.folder / JOURNAL), threading.Event()
        found = self._found(named)
        self.contents = list(found)
        files, unknown = list[str](), dict[str, ImpastoError]()
        for style in chosen:
            try:
                files.append(str(find_style(style)))
            except ImageError as error:
                unknown[style] = error
                files.append(style)
        self.styles = list(find_pictures(files))
        for network in filter(is_network, self.styles):
            raise SettingsError(f"{network} is not a picture: --method {network} paints with it")
        #: Number of a style that cannot be used -> why; `opened_styles` opens all of them.
        self.bad = {n: unknown[str(s)] for n, s in enumerate(self.styles) if str(s) in unknown}
        suffix, method = f".{format.lstrip('.')}", Path(settings.method).stem
        latest = {str(e["name"]): str(e["pair"]) for e in self._journal.entries("pair", "name")}
        made = {pair: name for name, pair in latest.items()}
        self.pairs = make_pairs(found, self.styles, suffix, method, made)

    def _found(self, named: Sequence[str]) -> dict[Path, str]:
        """Find the contents; results of earlier runs, which may lie beside them, are none."""
        folder = self.folder.resolve()
        for name in named:
            if Path(name).is_dir() and Path(name).resolve().is_relative_to(folder):
                raise SettingsError(
                    f"the results would lie among the contents in {name}: name another folder "
                    f"for them, such as {Path(name) / 'painted'}"
                )
        made = {str(entry["name"]) for entry in self._journal.entries("name")}
        made |= {SHEET, PAGE, JOURNAL} if made else set()
        results = {folder / name for name in made}
        found = find_pictures(named, folder).items()
        contents = {p: below for p, below in found if p.parent.resolve() / p.name not in results}
        if not contents:
            raise ImageError(f"all contents are results of earlier runs in {self.folder}")
        return contents

    @cached_property
    def opened_styles(self) -> list[Path]:
        """The style pictures, each opened once, and networks tuned to them where that is asked for.

        Without any that can be used, the error of the first is raised.
        """
        for number, picture in enumerate(self.styles):
            if number in self.bad:
                continue
            try:
                open_picture(picture, max_size=LEAST_PICTURE)
                if self.settings.tune:
                    network_settings([picture], self.settings)
            except ImageError as error:
                self.bad[number] = error
        if self.bad and len(self.bad) == len(self.styles):
            raise self.bad[0]
        return self.styles

    def paint(self, workers: int | None = None, *, fresh: bool = False) -> Iterator[Outcome]:
        """Paint what is missing or has changed; yield what becomes of each pair, as it is done.

        A result is kept, unless everything is to be made `fresh`, if the journal in the folder says
        that it was made of the same inputs with the same settings. Workers are as many as pictures
        at once; None: one a core for a method of one pass, else one. A folder that cannot be
        written to, another run in it, a full disk, missing weights and no good style are an
        `ImpastoError`.
        """
        make_folder(self.folder)
        self._ending.clear()
        with working_alone(self.folder):
            yield from self._painted(workers, fresh)

    def _painted(self, workers: int | None, fresh: bool) -> Iterator[Outcome]:
        if (self.folder / SHEET).exists() and not (self.folder / JOURNAL).exists():
            raise _in_the_way(self.folder / SHEET)
        Picture.check_saving(self.folder / self.pairs[0].name, self.settings.bits or 8)
        self._open_stylizers()
        self._protected = {path.resolve() for path in (*self.contents, *self.opened_styles)}
        count = workers or (1 if self.settings.method_row.steps else cores())
        pool, work = ThreadPoolExecutor(count), partial(self._outcome, fresh=fresh)
        yield from as_done(pool, work, self.pairs, count, self._ending.set)

    def _open_stylizers(self) -> None:
        """Read all styles before the first picture, so that a bad one is an error at once."""
        opened, numbers = self.opened_styles, range(len(self.opened_styles))
        settings = for_many_sizes(self.settings)
        self._stylizers: dict[int | None, Stylizer] = {}
        self._files, self._settings = files_of(settings), settings
        self._pictures = [identify(each).sha256 for each in picture_files(settings)]
        self._made = {e["name"]: e["inputs"] for e in self._journal.entries("name", "inputs")}
        # Those that optimize hold an encoder each: none of them is kept.
        for number in () if settings.method_row.steps else numbers or [None]:
            if number not in self.bad:
                try:
                    self._stylizers[number] = self._stylizer(number)
                except ImageError as error:
                    if number is None:
                        raise
                    self.bad[number] = error
        if self.bad and len(self.bad) == len(opened):
            raise self.bad[0]

    def _stylizer(self, style: int | None) -> Stylizer:
        return stylizer([] if style is None else [self.opened_styles[style]], self._settings)

    def _outcome(self, pair: Pair, fresh: bool) -> Outcome:
        """Paint one pair, unless that was done; only Ctrl-C and a full disk end the others."""
        target = self.folder / pair.name
        try:
            if pair.style is not None and pair.style in self.bad:
                raise self.bad[pair.style]
            inputs, made = self._inputs(pair), self._made.get(pair.name)
            if not fresh and target.is_file() and made == inputs:
                return Outcome(pair, target, again=True)
            self._check_target(target, made)
            picture = self._made_of(pair)
            if made is None:  # what a kill leaves now is ours, and painted again
                self._journal.add(name=pair.name, inputs="", pair=pair.key)
            picture.save(target, overwrite=True)
            self._journal.add(name=pair.name, inputs=inputs, pair=pair.key)
        except MemoryError:
            return Outcome(pair, None, "out of memory: try a smaller --size or fewer --workers")
        except Exception as error:  # whatever it is, the others go on
            if disk_is_full(error):
                raise ImpastoError(
                    f"the disk is full at {target}: free some space; the same command continues"
                ) from error
            return Outcome(pair, None, reason_of(error))
        return Outcome(pair, target)

    def _made_of(self, pair: Pair) -> Picture:
        run = (self._stylizers.get(pair.style) or self._stylizer(pair.style)).run(pair.content)
        for _ in run:
            if self._ending.is_set():  # nobody wants it any more
                raise ImpastoError("it was stopped")
        return run.picture

    def _check_target(self, target: Path, made: str | None) -> None:
        if target.resolve() in self._protected:
            raise ImageError(f"{target} is one of the inputs: name another folder")
        if target.exists() and made is None:
            raise _in_the_way(target)

    def _inputs(self, pair: Pair) -> str:
        """Return what a result depends on, as a fingerprint."""
        style = None if pair.style is None else identify(self.opened_styles[pair.style]).sha256
        kept = self._stylizers.get(pair.style)
        files = [w["sha256"] for w in kept.weights] + self._pictures if kept else self._files
        return fingerprint([identify(pair.content).sha256, style, files, self._settings.to_dict()])

    def save_sheets(self, outcomes: Sequence[Outcome]) -> list[Path]:
        """Save a picture and a page of all results, and return their paths."""
        results = {(o.pair.content, o.pair.style): o.path for o in outcomes if o.path is not None}
        shown = self.contents, self.styles, results
        return [save_sheet(*shown, self.folder / SHEET), save_page(*shown, self.folder / PAGE)]


def _in_the_way(path: Path) -> ImageError:
    return ImageError(f"{path} is there and was made by something else: move it")


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


def as_done(
    pool: Executor,
    work: Callable[[ItemT], ResultT],
    items: Iterable[ItemT],
    workers: int,
    stop: Callable[[], object] = lambda: None,
) -> Iterator[ResultT]:
    """Yield the results of a pool's workers as they are done; then shut the pool down.

    A few items wait for each worker, not all: memory stays bounded. At Ctrl-C the running items
    that are finished within seconds are yielded too. At the end `stop` tells what still runs that
    it is not wanted.
    """
    left, running = iter(items), set[Future[ResultT]]()
    try:
        while True:
            for item in islice(left, workers * WAITING - len(running)):
                running.add(pool.submit(work, item))
            if not running:
                return
            done, _ = wait(running, _LOOK, FIRST_COMPLETED)
            for future in done:
                running.discard(future)
                yield future.result()
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        begun = [future for future in running if not future.cancelled()]
        running.clear()
        for future in wait(begun, PATIENCE).done:
            if future.exception() is None:
                yield future.result()
        raise
    finally:
        stop()
        pool.shutdown(wait=bool(running), cancel_futures=True)
