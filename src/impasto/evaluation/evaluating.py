"""Many stylized pictures measured, beside the photographs and the styles themselves."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from impasto.evaluation.frechet import art_fid, frechet_distance, gaussian, too_few
from impasto.evaluation.judging import MEASURES, Judge
from impasto.evaluation.networks import Network, features_of
from impasto.evaluation.triples import Triple
from impasto.files import write_atomically

Measured = Mapping[str, float]
_FILES = ("content file", "style file", "output file")


class Row(NamedTuple):
    """The measures of a stylized picture, and of its photograph and its style as outputs."""

    triple: Triple
    measured: Measured
    photo: Measured
    style: Measured


def evaluate(triples: Sequence[Triple], judge: Judge) -> Iterator[Row]:
    """Yield the measures of each.

    Raises:
        ImageError: A picture cannot be read: a mean without it would be another one.
    """
    for triple in triples:
        measured = judge(*triple)
        yield Row(triple, measured, *judge.anchors(triple.content, triple.style))


class Summary(NamedTuple):
    """Of one measure over all pictures; the anchors are means."""

    mean: float
    median: float
    photo: float
    style: float


def summarized(rows: Sequence[Row]) -> dict[str, Summary]:
    """Return the summary of each measure; there is no total on purpose."""
    return {
        name: Summary(
            statistics.fmean(row.measured[name] for row in rows),
            statistics.median(row.measured[name] for row in rows),
            statistics.fmean(row.photo[name] for row in rows),
            statistics.fmean(row.style[name] for row in rows),
        )
        for name in MEASURES
        if name in rows[0].measured
    }


def summary_lines(rows: Sequence[Row]) -> list[str]:
    """Return the summary as lines of a table."""
    lines = [
        f"{'N = ' + str(len(rows)):10}{'mean':>9}{'median':>9}{'the photo':>11}{'the style':>11}"
    ]
    for name, each in summarized(rows).items():
        arrow, meaning = "↑" if MEASURES[name].more else "↓", MEASURES[name].meaning
        numbers = f"{each.mean:9.4f}{each.median:9.4f}{each.photo:11.4f}{each.style:11.4f}"
        lines.append(f"{name:9}{arrow}{numbers}   {meaning}")
    return lines


def save_table(rows: Sequence[Row], path: Path) -> Path:
    """Save the measures of each picture, and the anchors' beside them, as .csv."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = [name for name in MEASURES if name in rows[0].measured]
    anchored = [f"{name} of the {anchor}" for anchor in ("photo", "style") for name in names]
    writer.writerow([*_FILES, *names, *anchored])
    for row in rows:
        values = [each[name] for each in row[1:] for name in names]
        writer.writerow([*row.triple, *(f"{value:.6f}" for value in values)])
    return write_atomically(path, text.getvalue().encode(), True)


class Flickers(NamedTuple):
    """The mean flicker of a stylized clip, and of the clip that it was made from."""

    triple: Triple
    stylized: float
    original: float


def save_flickers(rows: Sequence[Flickers], path: Path) -> Path:
    """Save the flicker of each clip as .csv."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*_FILES, "flicker", "flicker of the clip"])
    writer.writerows([*each.triple, *(f"{value:.6f}" for value in each[1:])] for each in rows)
    return write_atomically(path, text.getvalue().encode(), True)


class SetDistances(NamedTuple):
    """Of all pictures together to all styles.

    Attributes:
        fid: Of the outputs, and of the photographs themselves; the styles' own is 0.
        photo: The same of the photographs.
        art_fid: With the outputs' LPIPS; None without it.
        photo_art_fid: The same of the photographs, whose LPIPS is 0.
        style_art_fid: The same of the styles, whose FID is 0.
        dimensions: Of a feature.
        warn: Whether they are too few for the number to mean much.
    """

    fid: float
    photo: float
    art_fid: float | None
    photo_art_fid: float | None
    style_art_fid: float | None
    dimensions: int
    warn: bool


def set_distances(rows: Sequence[Row], network: Network) -> SetDistances:
    """Return FID and ArtFID of the outputs to the styles.

    Raises:
        ImageError: There is one picture only.
        WeightsError: The network cannot take pictures.
    """
    sets = [[getattr(row.triple, what) for row in rows] for what in ("output", "content", "style")]
    features = [features_of(each, network) for each in sets]
    made, photos, styles = map(gaussian, features)
    fid, photo = frechet_distance(made, styles), frechet_distance(photos, styles)
    found = summarized(rows).get("lpips")
    return SetDistances(
        fid,
        photo,
        None if found is None else art_fid(fid, found.mean),
        None if found is None else art_fid(photo, found.photo),
        None if found is None else art_fid(0, found.style),
        features[0].shape[1],
        too_few(len(rows), features[0].shape[1]),
    )
