"""Many stylized pictures measured, beside the photographs and the styles themselves.

One by one by all measures, and as sets by FID and ArtFID (Heusel et al. 2017, "GANs Trained by a
Two Time-Scale Update Rule"; Wright & Ommer 2022, "ArtFID: Quantitative Evaluation of Neural Style
Transfer").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError
from impasto.evaluation.judging import ANCHORS, MEASURES, Judge, Network, averaged, find_lpips
from impasto.evaluation.triples import Triple, find_triples
from impasto.images import open_picture, source_list
from impasto.tables import write_table

Measured = Mapping[str, float]
Floats = NDArray[np.float64]
FILES = ("content file", "style file", "output file")  # the first columns of a table of triples
ENOUGH = 2048  # with fewer pictures, an FID says more about their number than about them
INCEPTION_SIZE = 299  # side of the pictures that the Inception of 2015 takes, in pixels


class Row(NamedTuple):
    """The measures of a stylized picture, and of its photograph and its style as outputs."""

    triple: Triple
    measured: Measured
    photo: Measured
    style: Measured


def evaluate(
    content: str | Path | Sequence[str | Path],
    style: str | Path | Sequence[str | Path],
    output: str | Path | Sequence[str | Path],
    *,
    match: str = "auto",
    size: int = 512,
    tile: int | None = None,
) -> list[Row]:
    """Measure stylized pictures, as `impasto evaluate` does.

    Args:
        content: Photographs: files, folders, patterns; one or several.
        style: Style pictures likewise, or names.
        output: The stylized pictures likewise.
        match: What belongs together: `order` (one content or style serves all), `name`
            (content-style), or `auto`.
        size: Longest side that is judged, in pixels.
        tile: Seams are measured along tiles of this size; None: the worst line.

    Returns:
        The measures of each output by name, and those of its photograph and its style.

    Raises:
        ImageError: A picture cannot be read, or it is not clear what belongs together.
        SettingsError: `match` is something else.
    """
    contents, styles, outputs = ([*map(str, source_list(n))] for n in (content, style, output))
    triples, _ = find_triples(contents, styles, outputs, match)
    return list(rows_of(triples, Judge(size, tile=tile, lpips=find_lpips())))


def rows_of(triples: Sequence[Triple], judge: Judge) -> Iterator[Row]:
    """Yield the measures of each; a picture that cannot be read is an `ImageError`."""
    return (Row(each, judge(*each), *judge.anchors(each.content, each.style)) for each in triples)


def averages(rows: Sequence[Row]) -> tuple[Measured, Measured, Measured, Measured]:
    """Return means and medians, and the photographs' and styles' means; no total on purpose."""
    _, measured, photos, styles = zip(*rows, strict=True)
    return *averaged(measured), averaged(photos)[0], averaged(styles)[0]


def summary_lines(rows: Sequence[Row]) -> list[str]:
    """Return the summary as lines of a table."""
    lines = [f"N = {len(rows):<14}{'mean':>9}{'median':>9}{'the photo':>11}{'the style':>11}"]
    columns = averages(rows)
    for name in columns[0]:
        mean, median, photo, style = (each[name] for each in columns)
        numbers = f"{mean:9.4f}{median:9.4f}{photo:11.4f}{style:11.4f}"
        lines.append(f"{name:17}{MEASURES[name].arrow}{numbers}   {MEASURES[name].meaning}")
    return lines


def save_table(rows: Sequence[Row], path: Path) -> Path:
    """Save the measures of each picture, and those of the anchors beside them, as .csv."""
    names = list(rows[0].measured)
    anchored = [f"{name} of the {anchor}" for anchor in ANCHORS for name in names]
    values = ([*row.triple, *(each[name] for each in row[1:] for name in names)] for row in rows)
    return write_table(path, [*FILES, *names, *anchored], values)


def frechet_distance(first: Floats, second: Floats) -> float:
    """Return ‖m − n‖² + tr(S + T − 2 (S T)^½) of features (N, D) (Heusel et al. 2017, eq. 6).

    The trace of the root is that of (S^½ T S^½)^½, which is symmetric: its eigenvalues are real,
    however few pictures there are. Fewer than two in a set are an `ImageError`.
    """
    if min(len(first), len(second)) < 2:
        raise ImageError("FID compares sets of pictures: give two at least, better thousands")
    ours, theirs = (np.atleast_2d(np.cov(each, rowvar=False)) for each in (first, second))
    values, vectors = np.linalg.eigh(ours)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    between = np.linalg.eigvalsh(root @ theirs @ root)
    apart = np.square(first.mean(0) - second.mean(0)).sum() + np.trace(ours) + np.trace(theirs)
    return max(0.0, float(apart - 2 * np.sqrt(between.clip(0)).sum()))


def features_of(pictures: Sequence[Path], network: Network) -> NDArray[np.float64]:
    """Return the features (N, D) of pictures, each once, scaled to 299x299, sRGB in [0, 1]."""
    found: dict[Path, NDArray[np.float64]] = {}
    for path in dict.fromkeys(pictures):
        picture = open_picture(path, max_size=4 * INCEPTION_SIZE).on_white()
        image = picture.resized((INCEPTION_SIZE, INCEPTION_SIZE)).to_tensor()[None].numpy()
        found[path] = np.asarray(network(image), np.float64).reshape(-1)
    return np.stack([found[path] for path in pictures])


def too_few(pictures: int, dimensions: int) -> bool:
    """Tell whether the FID of so many pictures is not worth comparing with others."""
    return pictures < max(ENOUGH, dimensions)


class SetDistances(NamedTuple):
    """Of outputs, photographs and styles, each taken together, to all styles."""

    fid: list[float]
    art_fid: list[float] | None  # None without LPIPS
    dimensions: int  # of a feature
    warn: bool  # whether there are too few pictures


def set_distances(rows: Sequence[Row], network: Network) -> SetDistances:
    """Return FID, and ArtFID = (1 + LPIPS) · (1 + FID) (Wright & Ommer 2022, eq. 1)."""
    contents, styles, outputs = zip(*(row.triple for row in rows), strict=True)
    made, photos, target = (features_of(each, network) for each in (outputs, contents, styles))
    fids = [frechet_distance(made, target), frechet_distance(photos, target), 0.0]
    mean, _, photo, style = averages(rows)
    arts, dimensions = None, target.shape[1]
    if "lpips" in mean:
        lpips = (each["lpips"] for each in (mean, photo, style))
        arts = [(1 + distance) * (1 + fid) for distance, fid in zip(lpips, fids, strict=True)]
    return SetDistances(fids, arts, dimensions, too_few(len(rows), dimensions))
