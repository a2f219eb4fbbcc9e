"""Painting many pictures.

One after the other for a method that fills the machine by itself, else several at once, so that
decoding, painting and encoding overlap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from impasto.batch.pairs import Pair
from impasto.errors import ImageError
from impasto.files import Journal, fingerprint
from impasto.images import LEAST_PICTURE, Picture, identify, open_picture
from impasto.machine import cores
from impasto.runs import Stylizer
from impasto.settings import Settings
from impasto.stylizers import files_of, for_many_sizes, stylizer

#: What was made of what, a line for each result; the next run reads it.
JOURNAL = "batch.jsonl"
#: Pairs that are under way, for each worker.
WAITING = 2


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


def paint_pairs(
    pairs: Sequence[Pair],
    styles: Sequence[Path],
    settings: Settings,
    folder: Path,
    *,
    workers: int | None = None,
    fresh: bool = False,
) -> Iterator[Outcome]:
    """Paint pairs into a folder, and yield what becomes of each, as they are done.

    A result whose inputs and settings are those of the journal in the folder is not made again.

    Args:
        pairs: What to paint.
        styles: The pictures that pairs have numbers of, or networks that are tuned to them.
        settings: All options; of every picture.
        folder: Where to; made if it is not there.
        workers: Pictures at once; None: as many as there are cores for a method of one pass, else
            one.
        fresh: Whether everything is made again.

    Raises:
        ImageError: The folder cannot be written to, or a style not be read.
        ImpastoError: The method's weights or runtime are not there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"{folder} cannot be made ({error.strerror}): name another") from error
    for pair in pairs[:1]:
        Picture.check_saving(folder / pair.name, settings.bits or 8)
    settings = for_many_sizes(settings)
    inputs = {*styles, *(pair.content for pair in pairs)}
    batch = _Batch(styles, settings, folder, inputs, fresh)
    count = workers or (1 if settings.row.steps else cores())
    left, running = iter(pairs), dict[Future[Outcome], None]()
    with ThreadPoolExecutor(count) as threads:
        try:
            while True:
                for pair in left:
                    running[threads.submit(batch.paint, pair)] = None
                    if len(running) >= count * WAITING:
                        break
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    del running[future]
                    yield future.result()
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


class _Batch:
    """What the workers share."""

    def __init__(
        self,
        styles: Sequence[Path],
        settings: Settings,
        folder: Path,
        inputs: Collection[Path],
        fresh: bool,
    ) -> None:
        self.styles, self.settings, self.folder = styles, settings, folder
        self.protected = {path.resolve() for path in inputs}
        self.fresh = fresh
        self.stylizers: dict[int | None, Stylizer] = {}
        self.journal = Journal(folder / JOURNAL)
        noted = self.journal.entries("name", "inputs")
        self.made = {entry["name"]: entry["inputs"] for entry in noted}
        self.files = files_of(settings)
        # All styles are read before the first picture: a bad one is told at once.
        if not settings.row.steps:
            for number in range(len(styles)) if styles else [None]:
                self.stylizers[number] = self._stylizer(number)
        else:
            for path in styles:
                open_picture(path, max_size=LEAST_PICTURE)

    def _stylizer(self, style: int | None) -> Stylizer:
        sources = [] if style is None else [self.styles[style]]
        return stylizer(sources, self.settings)

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
            picture = kept(pair.content)
            picture.save(target, overwrite=True)
            self.journal.add(name=pair.name, inputs=inputs)
        except MemoryError:
            return Outcome(pair, None, "out of memory: try a smaller --size or fewer --workers")
        except Exception as error:  # whatever it is, the others go on
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            return Outcome(pair, None, reason)
        return Outcome(pair, target)

    def _check_target(self, target: Path) -> None:
        if target.resolve() in self.protected:
            raise ImageError(f"{target} is one of the inputs: name another folder")
        if target.exists() and target.name not in self.made:
            raise ImageError(f"{target} is there and was made by something else: move it")

    def _inputs(self, pair: Pair) -> str:
        """Return what a result depends on, as a fingerprint."""
        style = None if pair.style is None else identify(self.styles[pair.style]).sha256
        files = self.files
        if kept := self.stylizers.get(pair.style):
            files = [each["sha256"] for each in kept.weights]
        content = identify(pair.content).sha256
        return fingerprint([content, style, files, self.settings.to_dict()])
