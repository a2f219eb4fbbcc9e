"""The file of a comparison: TOML with pairs of pictures, and methods with their settings."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from impasto.batch import find_pictures
from impasto.errors import SettingsError
from impasto.evaluation.triples import read_table
from impasto.gallery.names import find_style
from impasto.settings import Settings
from impasto.settings.choices import FACES, REST, STARTS
from impasto.settings.declaration import check_known
from impasto.settings.methods import NETWORK_FILES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: What the file may say.
_TABLES, _PAIRS = ("pairs", "settings", "methods"), ("folder", "csv", "contents", "styles")


@dataclass(frozen=True)
class Comparison:
    """Pairs of content and style, and settings by the methods' names: each paints all pairs."""

    pairs: tuple[tuple[Path, Path], ...]
    methods: Mapping[str, Settings]


def read_comparison(
    path: Path, data: Path | None = None, only: Sequence[str] = (), size: int | None = None
) -> Comparison:
    """Read a comparison.

    `[pairs]` has `csv` (content,style) or `contents` and `styles` (files, folders, patterns, names
    of styles; every content in every style), relative to its `folder`, which may hold environment
    variables, else to the file. `[settings]` are those of all methods, `[methods.NAME]` those of
    one.

    Args:
        path: The file.
        data: Instead of `folder`.
        only: Names of the methods wanted; none: all.
        size: Instead of that in `[settings]`.

    Raises:
        SettingsError: It is not TOML, or says what cannot be; the message names the place.
        ImageError: A picture or table is not there.
    """
    said = _parsed(path)
    table, asked = _table(said, "pairs"), _table(said, "methods")
    for names, known in ((said, _TABLES), (table, _PAIRS), (only, asked)):
        for name in names:
            check_known(name, known)
    named = os.path.expandvars(str(table.get("folder", ".")))
    if data is None and "$" in named:
        raise SettingsError(f"{named} is not set: set it to the folder of the data, or give data")
    folder = data or path.parent / Path(named).expanduser()
    shared = _table(said, "settings") | ({} if size is None else {"size": size})
    methods = {
        name: _settings(name, shared | _table(asked, name), folder)
        for name in asked
        if not only or name in only
    }
    if not methods:
        raise SettingsError(f'{path.name} has no methods: add [methods.NAME] and method = "fast"')
    return Comparison(tuple(_pairs(table, folder)), methods)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): name a .toml") from error
    except ValueError as error:
        raise SettingsError(f"{path.name} is not TOML: {error}") from error


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
        found["masks"] = [each if each == REST else str(folder / each) for each in names]
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
    looks = ((name, folder / name) for name in _names(table, "styles"))
    styles = find_pictures(
        str(path if path.exists() or path.suffix or glob.has_magic(name) else find_style(name))
        for name, path in looks
    )
    return list(product(contents, styles))


def _names(table: Mapping[str, Any], name: str) -> list[str]:
    names = table.get(name, [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not names:
        raise SettingsError(f'pairs needs {name} = ["FILE", …], or csv = "FILE.csv"')
    return [str(each) for each in names]
