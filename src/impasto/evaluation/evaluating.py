"""Many stylized pictures measured, beside the photographs and the styles themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from impasto.evaluation.judging import ANCHORS, MEASURES, Judge
from impasto.evaluation.tables import averaged, write_table
from impasto.evaluation.triples import Triple

Measured = Mapping[str, float]
#: The first columns of a table of triples.
FILES = ("content file", "style file", "output file")


class Row(NamedTuple):
    """The measures of a stylized picture, and of its photograph and its style as outputs."""

    triple: Triple
    measured: Measured
    photo: Measured
    style: Measured


def evaluate(triples: Sequence[Triple], judge: Judge) -> Iterator[Row]:
    """Yield the measures of each.

    Raises:
        ImageError: A picture cannot be read: without it the mean would be another one.
    """
    for triple in triples:
        yield Row(triple, judge(*triple), *judge.anchors(triple.content, triple.style))


class Summary(NamedTuple):
    """Of one measure over all pictures; the anchors are means."""

    mean: float
    median: float
    photo: float
    style: float


def summarized(rows: Sequence[Row]) -> dict[str, Summary]:
    """Return the summary of each measure; there is no total on purpose."""
    _, measured, photos, styles = zip(*rows, strict=True)
    means, medians = averaged(measured)
    photo, style = averaged(photos)[0], averaged(styles)[0]
    return {name: Summary(means[name], medians[name], photo[name], style[name]) for name in means}


def summary_lines(rows: Sequence[Row]) -> list[str]:
    """Return the summary as lines of a table."""
    lines = [
        f"{'N = ' + str(len(rows)):17}{'mean':>9}{'median':>9}{'the photo':>11}{'the style':>11}"
    ]
    for name, each in summarized(rows).items():
        numbers = f"{each.mean:9.4f}{each.median:9.4f}{each.photo:11.4f}{each.style:11.4f}"
        lines.append(f"{name:16}{MEASURES[name].arrow}{numbers}   {MEASURES[name].meaning}")
    return lines


def save_table(rows: Sequence[Row], path: Path) -> Path:
    """Save the measures of each picture, and those of the anchors beside them, as .csv."""
    names = list(rows[0].measured)
    anchored = [f"{name} of the {anchor}" for anchor in ANCHORS for name in names]
    values = ([*row.triple, *(each[name] for each in row[1:] for name in names)] for row in rows)
    return write_table(path, [*FILES, *names, *anchored], values)
