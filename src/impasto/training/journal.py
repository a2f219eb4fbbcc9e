"""What a training says of itself: a table that grows, and its curves as a picture."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from impasto.files import replacing

_WIDTH, _HEIGHT, _MARGIN = 900, 420, 60
_COLORS = ("#1b6ca8", "#d1495b", "#30874b", "#edae49", "#7d4f9e", "#00798c", "#6b705c", "#111111")


class Journal:
    """A table of measurements, CSV, one line a time.

    Args:
        path: The file; what it holds after `step` is of a try that was given up and is dropped.
        step: The step that training goes on from.
    """

    def __init__(self, path: Path, step: int = 0) -> None:
        self.path = path
        rows = read_journal(path) if path.is_file() else []
        self.rows = [row for row in rows if row["step"] <= step]

    def add(self, **values: float) -> None:
        """Append a line and draw the curves anew, beside the table."""
        self.rows.append(values)
        with (
            replacing(self.path) as part,
            part.open("w", newline="", encoding="utf-8") as file,
        ):
            # One that an earlier version began may have fewer columns.
            names = list(dict.fromkeys(name for row in self.rows for name in row))
            writer = csv.DictWriter(file, names, "nan")
            writer.writeheader()
            writer.writerows(
                {name: f"{value:.6g}" for name, value in row.items()} for row in self.rows
            )
        curves = {
            name: [(row["step"], row.get(name, math.nan)) for row in self.rows]
            for name in names
            if name not in ("step", "minutes")
        }
        self.path.with_suffix(".svg").write_text(drawing(curves), encoding="utf-8")


def read_journal(path: Path) -> list[dict[str, float]]:
    """Return the lines of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def drawing(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return curves over the steps as SVG, values on a logarithmic scale.

    Args:
        curves: Points (step, value) by name; values that are not positive are left out.
    """
    shown = {name: [p for p in points if 0 < p[1] < math.inf] for name, points in curves.items()}
    points = [point for line in shown.values() for point in line]
    if not points:
        return _svg([])
    last = max(step for step, _ in points) or 1
    low = math.floor(math.log10(min(value for _, value in points)) * 5) / 5
    high = math.ceil(math.log10(max(value for _, value in points)) * 5 + 1e-9) / 5 + 0.01

    def place(step: float, value: float) -> tuple[float, float]:
        across = (_WIDTH - 3 * _MARGIN) * step / last
        up = (_HEIGHT - 2 * _MARGIN) * (math.log10(value) - low) / (high - low)
        return _MARGIN + across, _HEIGHT - _MARGIN - up

    parts = []
    for number in range(math.ceil(low), math.floor(high) + 1):
        y = place(0, 10.0**number)[1]
        parts.append(f'<path d="M{_MARGIN} {y:.1f}H{_WIDTH - 2 * _MARGIN}" stroke="#ccc"/>')
        parts.append(f'<text x="8" y="{y + 4:.1f}">{10.0**number:g}</text>')
    for number, (name, line) in enumerate(shown.items()):
        color = _COLORS[number % len(_COLORS)]
        route = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in line)
        parts.append(
            f'<polyline points="{route}" fill="none" stroke="{color}" stroke-width="1.5"/>'
        )
        y = _MARGIN + 18 * number
        parts.append(f'<text x="{_WIDTH - 2 * _MARGIN + 8}" y="{y}" fill="{color}">{name}</text>')
    parts.append(f'<text x="{_MARGIN}" y="{_HEIGHT - 20}">step 0 … {last:g}</text>')
    return _svg(parts)


def _svg(parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([head, *parts, "</svg>\n"])
