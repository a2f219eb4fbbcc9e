"""Tables of measures: written and averaged."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from impasto.files import write_atomically


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
