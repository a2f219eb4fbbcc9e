"""Painting the pairs of a batch: what is kept, what is made, and what a failure means."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from impasto.batch.pairs import Pair
from impasto.errors import ImageError, ImpastoError
from impasto.files import Journal, disk_is_full, fingerprint
from impasto.images import identify
from impasto.runs import Stylizer
from impasto.settings import Settings
from impasto.stylizers import files_of, for_many_sizes, stylizer

#: What was made of what, a line for each result; the next run reads it.
JOURNAL = "batch.jsonl"


class Outcome(NamedTuple):
    """What became of a pair."""

    pair: Pair
    path: Path | None  # of the result; None if it failed
    error: str | None = None  # why it failed, in one line
    again: bool = False  # whether the result was there from an earlier run


class Painter:
    """What the workers of a batch share.

    No result replaces one of the contents. Styles are pictures, or networks that are tuned to them;
    `bad` says why one (its number) cannot be used, and others that cannot are added; if none can
    be used, or the method's weights or runtime are not there, that is an `ImpastoError`.
    """

    def __init__(
        self,
        folder: Path,
        contents: Sequence[Path],
        styles: Sequence[Path],
        bad: dict[int, ImpastoError],
        settings: Settings,
        fresh: bool,
    ) -> None:
        self.folder, self.styles, self.bad, self.fresh = folder, styles, bad, fresh
        self.settings = for_many_sizes(settings)
        self.protected = {path.resolve() for path in (*contents, *styles)}
        self.stylizers: dict[int | None, Stylizer] = {}
        self.journal = Journal(folder / JOURNAL)
        noted = self.journal.entries("name", "inputs")
        self.made = {entry["name"]: entry["inputs"] for entry in noted}
        self.files = files_of(self.settings)
        # All styles are read before the first picture: a bad one is told at once.
        if not self.settings.row.steps:
            if not self.styles:
                self.stylizers[None] = self._stylizer(None)
            for number in sorted({*range(len(self.styles))} - {*self.bad}):
                try:
                    self.stylizers[number] = self._stylizer(number)
                except ImageError as error:
                    self.bad[number] = error
        if self.bad and len(self.bad) == len(self.styles):
            raise self.bad[0]

    def _stylizer(self, style: int | None) -> Stylizer:
        return stylizer([] if style is None else [self.styles[style]], self.settings)

    def paint(self, pair: Pair) -> Outcome:
        """Paint one pair, unless that was done; only Ctrl-C and a full disk end the others."""
        target = self.folder / pair.name
        try:
            if pair.style in self.bad:
                raise self.bad[pair.style]
            inputs = self._inputs(pair)
            if not self.fresh and target.is_file() and self.made.get(pair.name) == inputs:
                return Outcome(pair, target, again=True)
            self._check_target(target, pair.name)
            # Those that optimize hold an encoder each: none of them is kept.
            kept = self.stylizers.get(pair.style) or self._stylizer(pair.style)
            picture = kept(pair.content)
            if pair.name not in self.made:  # what a kill leaves now is ours, and painted again
                self.journal.add(name=pair.name, inputs="")
            picture.save(target, overwrite=True)
            self.journal.add(name=pair.name, inputs=inputs)
        except MemoryError:
            return Outcome(pair, None, "out of memory: try a smaller --size or fewer --workers")
        except Exception as error:  # whatever it is, the others go on
            if disk_is_full(error):
                raise ImpastoError(
                    f"the disk is full at {target}: free some space; the same command continues"
                ) from error
            return Outcome(pair, None, reason_of(error))
        return Outcome(pair, target)

    def _check_target(self, target: Path, name: str) -> None:
        if target.resolve() in self.protected:
            raise ImageError(f"{target} is one of the inputs: name another folder")
        if target.exists() and name not in self.made:
            refuse_other(target)

    def _inputs(self, pair: Pair) -> str:
        """Return what a result depends on, as a fingerprint."""
        style = None if pair.style is None else identify(self.styles[pair.style]).sha256
        kept = self.stylizers.get(pair.style)
        files = [each["sha256"] for each in kept.weights] if kept else self.files
        content = identify(pair.content).sha256
        return fingerprint([content, style, files, self.settings.to_dict()])


def refuse_other(path: Path) -> NoReturn:
    """Raise an `ImageError` for a file that is in the way."""
    raise ImageError(f"{path} is there and was made by something else: move it")


def reason_of(error: Exception) -> str:
    """Return what an error says, in one line: names of files may have line breaks."""
    text = str(error).strip()
    line = text if isinstance(error, ImpastoError) else text.partition("\n")[0]
    return one_line(line) or type(error).__name__


def one_line(text: str) -> str:
    """Return a text for a terminal: line breaks and what commands a terminal are spaces."""
    return "".join(each if each.isprintable() else " " for each in text)
