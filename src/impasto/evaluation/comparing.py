"""Methods compared over a set of pairs: read from a file, painted, timed and measured."""

import glob
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from impasto.batch.pairs import find_pictures, make_folder
from impasto.errors import ImpastoError, SettingsError
from impasto.evaluation.judging import Judge, averaged
from impasto.files import Journal, fingerprint, working_alone
from impasto.gallery.names import find_style
from impasto.images import Picture, identify, output_name
from impasto.settings import Settings
from impasto.settings.choices import FACES, MASK_WORDS, STARTS
from impasto.settings.declaration import check_known
from impasto.settings.methods import NETWORK_FILES
from impasto.stylizers import files_of, stylizer
from impasto.tables import read_table
from impasto.version import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Folder of the results, and what was made of what, a line for each.
PICTURES, JOURNAL = "pictures", "compare.jsonl"
#: What the file of a comparison may say.
_TABLES, _PAIRS = ("pairs", "settings", "methods"), ("folder", "csv", "contents", "styles")


class Comparison(NamedTuple):
    """Pairs of content and style, and settings by the methods' names: each paints all pairs."""

    pairs: tuple[tuple[Path, Path], ...]
    methods: Mapping[str, Settings]


def read_comparison(
    path: Path, data: Path | None = None, only: Sequence[str] = (), size: int | None = None
) -> Comparison:
    """Read a comparison, of its methods `only` those that are named, if any are.

    `[pairs]` has `csv` (content,style) or `contents` and `styles` (files, folders, patterns, names
    of styles; every content in every style), relative to its `folder`, which may hold environment
    variables, else to the file. `[settings]` are those of all methods, `[methods.NAME]` those of
    one. `data` and `size` take the place of `folder` and of the size in `[settings]`. What is not
    TOML or says what cannot be is a `SettingsError`, a picture that is not there an `ImageError`.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): name a .toml") from error
    except ValueError as error:
        raise SettingsError(f"{path.name} is not TOML: {error}") from error
    table, asked = _table(said, "pairs"), _table(said, "methods")
    for names, known in ((said, _TABLES), (table, _PAIRS), (only, asked)):
        for name in names:
            check_known(name, known)
    named = os.path.expandvars(str(table.get("folder", ".")))
    if data is None and "$" in named:
        raise SettingsError(f"{named} is not set: set it to the folder of the data, or give data")
    folder = data or path.parent / Path(named).expanduser()
    shared = _table(said, "settings") | ({} if size is None else {"size": size})
    chosen = [name for name in asked if name in (only or asked)]
    methods = {name: _settings(name, shared | _table(asked, name), folder) for name in chosen}
    if not methods:
        raise SettingsError(f'{path.name} has no methods: add [methods.NAME] and method = "fast"')
    return Comparison(tuple(_pairs(table, folder)), methods)


def _table(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = said.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{name} must be a table: write [{name}] and what belongs to it below")
    return table


def _settings(name: str, options: Mapping[str, Any], folder: Path) -> Settings:
    """Return the settings of a method, files in it relative to the folder."""
    found = dict(options)
    if "masks" in found:
        names = found["masks"]
        names = names.split(",") if isinstance(names, str) else names
        found["masks"] = [each if each in MASK_WORDS else str(folder / each) for each in names]
    fine = found.get("fine_style")
    if isinstance(fine, str) and (folder / fine).is_file():  # else a name of the gallery
        found["fine_style"] = str(folder / fine)
    for key in ("weights", "init", "keep", "method"):
        value = found.get(key)
        is_file = key != "method" or str(value).lower().endswith(NETWORK_FILES)
        if isinstance(value, str) and is_file and value not in (*STARTS, FACES):
            found[key] = str(folder / os.path.expandvars(value))
    try:
        return Settings.from_dict(found)
    except SettingsError as error:
        raise SettingsError(f"method {name}: {error}") from error


def _pairs(table: Mapping[str, Any], folder: Path) -> list[tuple[Path, Path]]:
    if "csv" in table:
        rows = read_table(folder / str(table["csv"]), ("content", "style"), folder)
        return [(content, style) for content, style in rows]
    contents = find_pictures(str(folder / name) for name in _names(table, "contents"))
    paths = ((name, folder / name) for name in _names(table, "styles"))
    styles = find_pictures(
        str(path if path.exists() or path.suffix or glob.has_magic(name) else find_style(name))
        for name, path in paths
    )
    return list(product(contents, styles))


def _names(table: Mapping[str, Any], name: str) -> list[str]:
    names = table.get(name, [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not names:
        raise SettingsError(f'pairs needs {name} = ["FILE", …], or csv = "FILE.csv"')
    return [str(each) for each in names]


class Result(NamedTuple):
    """What a method made of a pair."""

    method: str
    pair: int  # counted from 0
    path: Path
    seconds: float  # from the files to the picture, reading the style included
    run: str  # when the run began that it was timed in
    measured: Mapping[str, float]  # by the names of `MEASURES`


def compare(
    comparison: Comparison, folder: Path, judge: Judge, *, fresh: bool = False
) -> Iterator[Result]:
    """Paint into a folder what it lacks (`fresh`: everything), measure and yield every result.

    A picture is there already if it was painted with the same inputs, settings and version.

    Methods take turns, so that a slow minute of the machine affects all of them. A method is warmed
    up before it is timed: one that optimizes once, by a step; one of one pass at each pair, since
    runtimes prepare for each size.
    """
    if any(path.parent.resolve() == folder.resolve() for pair in comparison.pairs for path in pair):
        raise SettingsError(f"the results would lie among the pictures in {folder}: name another")
    make_folder(folder)
    journal, run = Journal(folder / JOURNAL), datetime.now(timezone.utc).isoformat("T", "seconds")
    entries = () if fresh else journal.entries("key", "picture", "seconds")
    known = {entry["key"]: entry for entry in entries}
    measured = {entry["key"]: entry["measured"] for entry in journal.entries("key", "measured")}
    files = {name: files_of(settings) for name, settings in comparison.methods.items()}
    warm: set[str] = set()
    with working_alone(folder):
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
                path, begun = folder / painted["picture"], str(painted.get("run", run))
                key = fingerprint([key, identify(path).sha256, *judge.identity])
                if key not in measured:
                    measured[key] = judge(*pair, path)
                    journal.add(key=key, measured=measured[key])
                yield Result(name, number, path, float(painted["seconds"]), begun, measured[key])


def _painted(
    name: str, pair: tuple[Path, Path], settings: Settings, folder: Path, warm: bool, mark: str
) -> dict[str, Any]:
    """Paint a pair, and return where it is (marked: names may be alike) and how long that took."""
    content, style = pair
    try:
        if not settings.method_row.steps:
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
    return stylizer([] if settings.method_row.one_style else [style], settings)(content)


class Line(NamedTuple):
    """A method over all pairs."""

    method: str
    mean: Mapping[str, float]
    median: Mapping[str, float]
    seconds: float | None = None  # median; None: not timed
    mixed: bool = False  # whether some times are of an earlier run than the last


def table_lines(results: Sequence[Result]) -> list[Line]:
    """Return a line for each method, in the order of the comparison."""
    last, lines = max(each.run for each in results), []
    for method in dict.fromkeys(each.method for each in results):
        own = [each for each in results if each.method == method]
        seconds = statistics.median(each.seconds for each in own)
        mixed = any(each.run != last for each in own)
        lines.append(Line(method, *averaged([each.measured for each in own]), seconds, mixed))
    return lines


def front(points: Sequence[Sequence[float]]) -> list[int]:
    """Return the numbers of the points than which no other is less somewhere and nowhere more."""
    found = np.asarray(points)
    beaten = (((found <= each).all(1) & (found < each).any(1)).any() for each in found)
    return [number for number, is_beaten in enumerate(beaten) if not is_beaten]
