"""Painting the pairs of a batch: what is kept, what is made, and what a failure means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from impasto.batch.pairs import Pair
from impasto.errors import ImageError, ImpastoError
from impasto.files import Journal, disk_is_full, fingerprint, write_atomically
from impasto.images import identify
from impasto.runs import Stylizer
from impasto.settings import Settings
from impasto.stylizers import files_of, for_many_sizes, stylizer

#: What was made of what, a line for each result; the next run reads it.
JOURNAL = "batch.jsonl"


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


class Painter:
    """What the workers of a batch share.

    Args:
        folder: Of the results, which is there.
        contents: What is painted, which no result may replace.
        styles: Style pictures, or networks that are tuned to them.
        bad: Number of a style that cannot be used -> why; others that cannot are added.
        settings: How everything is painted.
        fresh: Whether everything is made again.

    Raises:
        ImageError: No style can be used.
        ImpastoError: The method's weights or runtime are not there.
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
        self.same = {inputs: name for name, inputs in self.made.items()}
        self.files = files_of(self.settings)
        # All styles are read before the first picture: a bad one is told at once.
        if not self.settings.row.steps:
            for number in range(len(self.styles)) if self.styles else [None]:
                self._keep(number)
        if self.bad and len(self.bad) == len(self.styles):
            raise self.bad[0]

    def _keep(self, number: int | None) -> None:
        """Read a style, unless it is a bad one."""
        try:
            if number not in self.bad:
                self.stylizers[number] = self._stylizer(number)
        except ImageError as error:
            if number is None:
                raise
            self.bad[number] = error

    def _stylizer(self, style: int | None) -> Stylizer:
        return stylizer([] if style is None else [self.styles[style]], self.settings)

    def paint(self, pair: Pair) -> Outcome:
        """Paint one pair, unless that was done; only Ctrl-C and a full disk end the others."""
        target = self.folder / pair.name
        try:
            if pair.style in self.bad:
                raise self.bad[pair.style]
            inputs = self._inputs(pair)
            if not self.fresh and self._is_made(pair, target, inputs):
                return Outcome(pair, target, again=True)
            self._check_target(target)
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

    def _is_made(self, pair: Pair, target: Path, inputs: str) -> bool:
        """Tell whether a result is there; what is there under another name is copied."""
        if target.is_file():
            return self.made.get(pair.name) == inputs
        other = self.folder / self.same.get(inputs, pair.name)
        if not other.is_file() or other.suffix != target.suffix:
            return False
        write_atomically(target, other.read_bytes(), True)
        self.journal.add(name=pair.name, inputs=inputs)
        return True

    def _check_target(self, target: Path) -> None:
        if target.resolve() in self.protected:
            raise ImageError(f"{target} is one of the inputs: name another folder")
        if target.exists() and target.name not in self.made:
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
