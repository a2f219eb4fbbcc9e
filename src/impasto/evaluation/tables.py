"""Tables of files and of measures: read, written, averaged."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from impasto.errors import ImageError
from impasto.images import write_atomically


def read_table(path: Path, columns: Sequence[str], folder: Path | None = None) -> list[list[Path]]:
    """Read a table of files: a .csv with a line of names first.

    Args:
        path: The .csv.
        columns: The names of the columns wanted.
        folder: What its names are relative to; None: the folder that it is in.

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
            f"{path} is no table of {', '.join(columns)}: name these in its first line"
        )
    return [[(folder or path.parent) / row[name] for name in columns] for row in rows]


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a .csv, with six decimals for numbers that are not whole; replaces what is there."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        writer.writerow(f"{each:.6f}" if isinstance(each, float) else each for each in row)
    return write_atomically(path, text.getvalue().encode(), True)


def averaged(measures: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Return means and medians by name."""
    columns = {name: [each[name] for each in measures] for name in measures[0]}
    means = {name: statistics.fmean(values) for name, values in columns.items()}
    return means, {name: statistics.median(values) for name, values in columns.items()}
