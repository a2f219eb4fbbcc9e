"""What a training reports: a table that grows, its curves, and sheets of pictures."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from impasto.errors import MissingExtraError
from impasto.files import replacing

_SIDE = 320
"""Longest side of a picture on a sheet, in pixels."""


class Journal:
    """A table of measurements in CSV, one row per report, with its curves as SVG beside it.

    Args:
        path: The file; its rows after `step` are of an attempt that was given up and are dropped.
        step: The step that training resumes at.
    """

    def __init__(self, path: Path, step: int = 0) -> None:
        self.path = path
        rows = read_journal(path) if path.is_file() else []
        self.rows = [row for row in rows if row["step"] <= step]

    def add(self, **values: float) -> None:
        """Append a row, and draw the curves again where matplotlib is installed."""
        self.rows.append(values)
        # The rows of an earlier version may have fewer columns.
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        with replacing(self.path) as part, part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names, "nan")
            writer.writeheader()
            writer.writerows({n: f"{value:.6g}" for n, value in row.items()} for row in self.rows)
        curves = {name: [row.get(name, math.nan) for row in self.rows] for name in names}
        steps, _ = curves.pop("step"), curves.pop("minutes")
        try:
            from impasto.plots import save_plot

            path = self.path.with_suffix(".svg")
            save_plot(
                curves, path, axes=("step", "loss"), at=steps, logarithmic=True, overwrite=True
            )
        except (ImportError, MissingExtraError):
            pass  # the table has all of it


def read_journal(path: Path) -> list[dict[str, float]]:
    """Return the rows of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def save_sheet(rows: Sequence[Sequence[Tensor]], path: Path) -> None:
    """Write rows of pictures (1, 3, H, W), each as long, as one JPEG file.

    Raises:
        OSError: It cannot be written.
    """
    images = [[_thumbnail(each) for each in row] for row in rows]
    height = max(image.height for row in images for image in row)
    sheet = Image.new("RGB", (_SIDE * len(rows[0]), height * len(rows)), "white")
    for down, row in enumerate(images):
        for across, image in enumerate(row):
            sheet.paste(image, (_SIDE * across, height * down))
    with replacing(path) as part:
        sheet.save(part, "JPEG", quality=90)


def _thumbnail(picture: Tensor) -> Image.Image:
    pixels = picture[0].permute(1, 2, 0).cpu().numpy()
    image = Image.fromarray((pixels * 255).round().astype(np.uint8))
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return image
