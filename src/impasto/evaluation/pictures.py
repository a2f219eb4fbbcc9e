"""Stylized pictures found, matched with what they were made from, and measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from impasto.batch.pairs import RESERVED, find_pictures
from impasto.evaluation.evaluating import Row
from impasto.evaluation.evaluating import evaluate as measured
from impasto.evaluation.judging import Judge
from impasto.evaluation.networks import find_lpips
from impasto.evaluation.triples import Triple, match_triples
from impasto.gallery.names import find_style
from impasto.images import source_list


def find_triples(
    contents: Sequence[str], styles: Sequence[str], outputs: Sequence[str], match: str = "auto"
) -> tuple[list[Triple], str]:
    """Find pictures, and what each stylized one was made from.

    Args:
        contents: Photographs: files, folders, patterns.
        styles: Styles, or their names.
        outputs: Stylized pictures.
        match: As in `match_triples`.

    Returns:
        A triple for each output, and which way they were matched.

    Raises:
        ImageError: Something is not found, or cannot be matched.
    """
    looks = find_pictures(str(find_style(each)) for each in styles)
    made = [path for path in find_pictures(outputs) if path.stem not in RESERVED]
    return match_triples(find_pictures(contents), looks, made or [Path(outputs[0])], match)


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
    contents, styles, outputs = (
        [str(each) for each in source_list(given)] for given in (content, style, output)
    )
    triples, _ = find_triples(contents, styles, outputs, match)
    return list(measured(triples, Judge(size, tile=tile, lpips=find_lpips())))
