"""Several methods over a set of pairs, in one go: painted, timed and measured."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from impasto.errors import ImageError, ImpastoError
from impasto.evaluation.judging import Judge
from impasto.evaluation.methods import Comparison
from impasto.evaluation.tables import averaged
from impasto.files import Journal, fingerprint
from impasto.images import Picture, identify, output_name
from impasto.settings import Settings
from impasto.stylizers import files_of, stylizer
from impasto.version import __version__

#: Folder of the results, and what was made of what, a line for each.
PICTURES, JOURNAL = "pictures", "compare.jsonl"


class Result(NamedTuple):
    """What a method made of a pair.

    Attributes:
        method: Its name in the comparison.
        pair: Number of the pair, from 0.
        path: Where the picture is.
        seconds: From the files to the picture, reading the style included.
        run: When the run began that it was timed in.
        measured: By the names of `MEASURES`.
    """

    method: str
    pair: int
    path: Path
    seconds: float
    run: str
    measured: Mapping[str, float]


def compare(
    comparison: Comparison, folder: Path, judge: Judge, *, fresh: bool = False
) -> Iterator[Result]:
    """Paint what was not painted yet with these inputs and settings, and yield every result.

    Methods take turns, so that a slow minute of the machine affects all of them. A method is warmed
    up before it is timed: one that optimizes once, by a step; one of one pass at each pair, since
    runtimes prepare for each size.

    Args:
        comparison: What to paint.
        folder: Where to; made if it is not there.
        judge: What measures.
        fresh: Whether everything is painted again.

    Raises:
        ImageError: The folder cannot be written to, or a picture cannot be read.
        ImpastoError: What a method lacks.
    """
    try:
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"{folder} cannot be made ({error.strerror}): name another") from error
    journal, run = Journal(folder / JOURNAL), datetime.now(timezone.utc).isoformat("T", "seconds")
    entries = () if fresh else journal.entries("key", "picture", "seconds")
    known = {entry["key"]: entry for entry in entries}
    measured = {entry["key"]: entry["measured"] for entry in journal.entries("key", "measured")}
    files = {name: files_of(settings) for name, settings in comparison.methods.items()}
    warm: set[str] = set()
    for number, pair in enumerate(comparison.pairs):
        for name, settings in comparison.methods.items():
            # The name too: two methods with the same settings are two, each with its own time.
            inputs = [name, *(identify(path).sha256 for path in pair), settings.to_dict()]
            key = fingerprint([*inputs, files[name], __version__])
            painted = known.get(key)
            if painted is None or not (folder / painted["picture"]).is_file():
                painted = _painted(name, pair, settings, folder, name in warm, key[:6])
                journal.add(key=key, run=run, **painted)
                warm.add(name)
            path, run_of_it = folder / painted["picture"], str(painted.get("run", run))
            key = fingerprint([key, identify(path).sha256, *judge.identity])
            if key not in measured:
                measured[key] = judge(*pair, path)
                journal.add(key=key, measured=measured[key])
            yield Result(name, number, path, float(painted["seconds"]), run_of_it, measured[key])


def _painted(
    name: str, pair: tuple[Path, Path], settings: Settings, folder: Path, warm: bool, mark: str
) -> dict[str, Any]:
    """Paint a pair, and return where it is (marked: names may be alike) and how long that took."""
    content, style = pair
    try:
        if not settings.row.steps:
            _paint(content, style, settings)
        elif not warm:
            _paint(content, style, settings.updated(stop_after=1))
        begun = time.perf_counter()
        picture = _paint(content, style, settings)
        seconds = time.perf_counter() - begun
    except ImpastoError as error:
        error.args = (f"method {name}: {error}",)
        raise
    stem = output_name(content.name, [style.name, name, mark])
    path = picture.save(folder / PICTURES / f"{stem}.png", overwrite=True)
    return {"picture": path.relative_to(folder).as_posix(), "seconds": seconds}


def _paint(content: Path, style: Path, settings: Settings) -> Picture:
    return stylizer([] if settings.row.one_style else [style], settings)(content)


class Line(NamedTuple):
    """A method over all pairs: means, medians, and the median time."""

    method: str
    mean: Mapping[str, float]
    median: Mapping[str, float]
    seconds: float
    mixed: bool


def table_lines(results: Sequence[Result]) -> list[Line]:
    """Return a line for each method, in the order of the comparison.

    Times are compared within a run: `mixed` says that some of a method's are of an earlier run than
    the last.
    """
    last = max(each.run for each in results)
    lines = []
    for method in dict.fromkeys(each.method for each in results):
        own = [each for each in results if each.method == method]
        seconds = statistics.median(each.seconds for each in own)
        mixed = any(each.run != last for each in own)
        lines.append(Line(method, *averaged([each.measured for each in own]), seconds, mixed))
    return lines


def front(points: Sequence[Sequence[float]]) -> list[int]:
    """Return the numbers of the points that no other is at least as good as in everything.

    Args:
        points: Less is better; equal points do not keep each other out.
    """
    found = np.asarray(points)
    beaten = (((found <= each).all(1) & (found < each).any(1)).any() for each in found)
    return [number for number, is_beaten in enumerate(beaten) if not is_beaten]
