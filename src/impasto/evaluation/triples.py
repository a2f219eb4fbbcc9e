"""Which photograph and which style each stylized picture was made from, and tables of them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from impasto.batch.pairs import RESERVED, TAG, find_pictures, result_name
from impasto.errors import ImageError, SettingsError
from impasto.files import write_atomically
from impasto.gallery.names import find_style
from impasto.images import output_name

COLUMNS = ("content", "style", "output")
MATCHES = ("auto", "order", "name")
#: The most pairs whose names are tried where the order would do as well.
_MANY = 100_000
#: What ends the names that `impasto batch` gives.
_TAG = re.compile(f"-[a-z2-7]{{{TAG}}}$")


class Triple(NamedTuple):
    """One stylized picture and what it was made from."""

    content: Path
    style: Path
    output: Path


def read_table(path: Path, columns: Sequence[str], folder: Path | None = None) -> list[list[Path]]:
    """Read columns of a .csv of files, which are relative to a folder; None: the one it is in.

    Raises:
        ImageError: It cannot be read, lacks a column, or has no lines.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise ImageError(f"{path} cannot be read ({error}): name a .csv in UTF-8") from error
    if not rows or any(not row.get(name) for row in rows for name in columns):
        raise ImageError(
            f"{path} is not a table of {', '.join(columns)}: name these in its first line"
        )
    return [[(folder or path.parent) / row[name] for name in columns] for row in rows]


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a .csv, with six decimals for numbers that are not whole; replaces what is there."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        writer.writerow(f"{each:.6f}" if isinstance(each, float) else each for each in row)
    return write_atomically(path, text.getvalue(), True)


def find_triples(
    contents: Sequence[str], styles: Sequence[str], outputs: Sequence[str], match: str = "auto"
) -> tuple[list[Triple], str]:
    """Find files, folders, patterns and names of styles, and match them: see `match_triples`.

    Raises:
        ImageError: Something is not found, or cannot be matched.
    """
    looks = find_pictures(str(find_style(each)) for each in styles)
    made = [path for path in find_pictures(outputs) if path.stem not in RESERVED]
    return match_triples(find_pictures(contents), looks, made or [Path(outputs[0])], match)


def match_triples(
    contents: Sequence[Path], styles: Sequence[Path], outputs: Sequence[Path], by: str = "auto"
) -> tuple[list[Triple], str]:
    """Return a triple for each stylized picture, and which way they were matched.

    In order, the first output is of the first content and the first style, and so on; a single
    content or style is that of all. By name, an output is called as `impasto batch` calls it,
    `content-style`, or as its content where there is one style. `auto` is by name where each output
    is called after one pair, else in order where there are as many of each.

    Raises:
        ImageError: They cannot be matched.
        SettingsError: `by` is something else than `auto`, `order` or `name`.
    """
    if by not in MATCHES:
        raise SettingsError(f"match must be one of {', '.join(MATCHES)}; not {by!r}")
    number = len(outputs)
    fits = all(len(each) in (1, number) for each in (contents, styles))
    if by == "order" and not fits:
        raise ImageError(
            f"{len(contents)} contents, {len(styles)} styles and {number} outputs are not as "
            "many: match them by name, or give a table"
        )
    named = by == "name" or not fits
    if named or (by == "auto" and len(contents) * len(styles) <= _MANY):
        pairs = _pairs_by_name(contents, styles)
        found = [pairs[stem] or pairs[_TAG.sub("", stem)] for stem in map(_stem, outputs)]
        if named or all(len(each) == 1 for each in found):
            return list(map(_triple, outputs, found)), "name"
    columns = (list(each) * (number if len(each) == 1 else 1) for each in (contents, styles))
    return [Triple(*row) for row in zip(*columns, outputs, strict=True)], "order"


def _pairs_by_name(
    contents: Sequence[Path], styles: Sequence[Path]
) -> defaultdict[str, list[tuple[Path, Path]]]:
    """Return contents and styles by the names that what is made of them may have."""
    found = defaultdict(list)
    for content, style in product(contents, styles):
        # As `impasto batch` names results, of styles that have a name too; and without its tag.
        names = {result_name(content, look).lower() for look in (style, style.stem)}
        names.add(output_name(content.name, [style.name]).lower())
        if len(styles) == 1:
            names.add(content.stem.lower())
        for name in names:
            found[name].append((content, style))
    return found


def _stem(path: Path) -> str:
    return path.stem.lower()


def _triple(output: Path, pairs: Sequence[tuple[Path, Path]]) -> Triple:
    if len(pairs) != 1:
        trouble = f"{len(pairs)} pairs" if pairs else "nothing that was given"
        raise ImageError(
            f"{output.name} is called after {trouble}: name it content-style, or give a table"
        )
    return Triple(*pairs[0], output)


def labels(pairs: Sequence[tuple[Path, Path]]) -> list[str]:
    """Return a name for each content and style, with a number where two have the same name."""
    names = [f"{pair[0].stem} \N{MULTIPLICATION SIGN} {pair[1].stem}" for pair in pairs]
    total = Counter(names)
    return [
        name if total[name] == 1 else f"{name} ({names[:place].count(name) + 1})"
        for place, name in enumerate(names)
    ]
