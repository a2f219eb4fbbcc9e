"""Tables in CSV: of the files that they name, and of numbers."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from impasto.errors import ImageError
from impasto.files import write_atomically


def read_table(path: Path, columns: Sequence[str], folder: Path | None = None) -> list[list[Path]]:
    """Read columns of a .csv of files, which are relative to a folder; None: the one it is in."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise ImageError(f"{path} cannot be read ({error}): name a .csv in UTF-8") from error
    if not rows or any(not row.get(name) for row in rows for name in columns):
        names = ", ".join(columns)
        raise ImageError(f"{path} is not a table of {names}: name these in its first line")
    return [[(folder or path.parent) / row[name] for name in columns] for row in rows]


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a .csv, with six decimals for numbers that are not whole; replaces what is there."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        writer.writerow(f"{each:.6f}" if isinstance(each, float) else each for each in row)
    return write_atomically(path, text.getvalue(), True)
