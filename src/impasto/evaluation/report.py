"""What came of a comparison: a table, a plot, a sheet, and one page with all of it."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto.batch.sheets import thumbnail
from impasto.errors import MissingExtraError
from impasto.evaluation.comparing import Line, Result, averaged, front, table_lines
from impasto.evaluation.judging import ANCHORS, MEASURES, Judge
from impasto.evaluation.methods import Comparison
from impasto.evaluation.triples import labels
from impasto.files import write_atomically
from impasto.machine import cores
from impasto.settings import Settings
from impasto.version import __version__

#: Files in the folder of a comparison.
PAGE, SHEET, PLOT, TABLE = "report.html", "sheet.jpg", "pareto.svg", "table.csv"
#: What `impasto judge` reads: pairs and results by the names of the files.
RESULTS = "comparison.json"
SMALL, SHOWN, LOOKED_AT, GAP, LINE = 224, 320, 768, 8, 20
Anchors = Mapping[str, Mapping[str, float]]


def check_plotting() -> None:
    """Raise what the plot would raise, before the work.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("a report", "lab") from error


def anchors_of(comparison: Comparison, judge: Judge) -> Anchors:
    """Return the mean measures of the photographs themselves and of the styles themselves."""
    found = [judge.anchors(*pair) for pair in comparison.pairs]
    return {
        name: averaged([each[number] for each in found])[0] for number, name in enumerate(ANCHORS)
    }


def save_report(
    comparison: Comparison, results: Sequence[Result], judge: Judge, folder: Path
) -> Path:
    """Save everything into the folder, and return the page.

    Args:
        comparison: What was compared.
        results: All that was made.
        judge: Who measured.
        folder: Of the comparison.
    """
    lines, anchors = table_lines(results), anchors_of(comparison, judge)
    plot = drawn_plot(lines, anchors)
    write_atomically(folder / PLOT, plot, True)
    write_atomically(folder / SHEET, drawn_sheet(comparison, results), True)
    write_atomically(folder / TABLE, _table(comparison, results).encode(), True)
    write_atomically(folder / RESULTS, _for_judging(comparison, results, folder).encode(), True)
    parts = {
        "judge": html.escape(judge.describe()),
        "table": _html_table(lines, anchors, len(comparison.pairs)),
        "plot": plot.decode().partition("<svg")[2],
        "measures": "".join(
            f"<dt>{name} {'↑' if each.more else '↓'}</dt><dd>{html.escape(each.meaning)}</dd>"
            for name, each in MEASURES.items()
            if name in lines[0].mean
        ),
        "settings": "".join(
            f"<dt>{html.escape(name)}</dt><dd>{html.escape(_differing(each))}</dd>"
            for name, each in comparison.methods.items()
        ),
        "pictures": _figures(comparison, results),
        "made": f"impasto {__version__}, {datetime.now(timezone.utc):%Y-%m-%d}, "
        f"{cores()} cores, Python {platform.python_version()}, {platform.system()}",
        "heads": "".join(f"<th>{html.escape(each)}</th>" for each in comparison.methods),
    }
    return write_atomically(folder / PAGE, _PAGE.format(**parts).encode(), True)


def markdown(lines: Sequence[Line], anchors: Anchors, pairs: int) -> str:
    """Return the table of means as `benchmarks/RESULTS.md` has it."""
    head = [f"mean of {pairs} pairs", *anchors[ANCHORS[0]], "seconds, median"]
    rows = [head, ["---"] * len(head), *_rows(lines, anchors)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _rows(lines: Sequence[Line], anchors: Anchors) -> list[list[str]]:
    rows = [
        [line.method, *map(_number, line.mean.values()), f"{line.seconds:.3g}{'*' * line.mixed}"]
        for line in lines
    ]
    return rows + [
        [f"the {name} itself", *map(_number, each.values()), ""] for name, each in anchors.items()
    ]


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def drawn_plot(lines: Sequence[Line], anchors: Anchors) -> bytes:
    """Draw style against content against time, as SVG; ringed: what nothing beats in all three."""
    # The object interface: pyplot would keep state and might want a window.
    import matplotlib as mpl
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    across = [line.mean["content"] for line in lines]
    up = [line.mean["style"] for line in lines]
    seconds = [max(line.seconds, 1e-3) for line in lines]
    with mpl.rc_context({"svg.hashsalt": "impasto", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 5.5), layout="constrained")
        axes = figure.add_subplot()
        scale = LogNorm(min(seconds) / 1.01, max(seconds) * 1.01)
        dots = axes.scatter(across, up, c=seconds, s=80, cmap="viridis", norm=scale, zorder=3)
        figure.colorbar(dots, label="seconds a picture, median")
        best = front(list(zip(up, across, seconds, strict=True)))
        ringed = [across[n] for n in best], [up[n] for n in best]
        axes.scatter(*ringed, s=220, facecolors="none", edgecolors="tab:red", zorder=2)
        for line, x, y in zip(lines, across, up, strict=True):
            axes.annotate(line.method, (x, y), (7, 7), textcoords="offset points", fontsize=9)
        for name, each in anchors.items():
            axes.scatter(each["content"], each["style"], marker="x", color="black", clip_on=False)
            place = each["content"], each["style"]
            axes.annotate(f"the {name} itself", place, (7, 7), textcoords="offset points")
        # Roots: what is near 0 is what matters, and the anchors are far away.
        roots = {"functions": (np.sqrt, np.square)}
        axes.set_xscale("function", **roots)
        axes.set_yscale("function", **roots)
        axes.set(xlabel="content distance", ylabel="style distance")
        axes.set(xlim=(0, 1.4 * max(*across, *_of(anchors, "content"))))
        axes.set(ylim=(0, 1.2 * max(*up, *_of(anchors, "style"))))
        axes.grid(alpha=0.3)
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _of(anchors: Anchors, name: str) -> list[float]:
    return [each[name] for each in anchors.values()]


def drawn_sheet(comparison: Comparison, results: Sequence[Result]) -> bytes:
    """Draw all pictures as a JPEG: a row for each pair, a column for each method."""
    names = ["photo", "style", *comparison.methods]
    rows = [[thumbnail(path, SMALL) for path in row] for row in _paths(comparison, results)]
    heights = [max((each.height for each in row if each is not None), default=0) for row in rows]
    cell, font = SMALL + GAP, ImageFont.load_default(14)
    size = (cell * len(names) + GAP, sum(heights) + GAP * len(rows) + LINE + GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for column, name in enumerate(names):
        place = (GAP + cell * column + SMALL // 2, GAP // 2)
        draw.text(place, name, fill="black", anchor="ma", font=font)
    top = GAP + LINE
    for row, height in zip(rows, heights, strict=True):
        for column, small in enumerate(row):
            if small is not None:
                left = GAP + cell * column + (SMALL - small.width) // 2
                sheet.paste(small, (left, top + (height - small.height) // 2))
        top += height + GAP
    return _jpeg(sheet, 88)


def _paths(comparison: Comparison, results: Sequence[Result]) -> list[list[Path]]:
    """Return photograph, style and results of each pair, in the order of the methods."""
    found = {(each.pair, each.method): each.path for each in results}
    return [
        [*pair, *(found[number, method] for method in comparison.methods)]
        for number, pair in enumerate(comparison.pairs)
    ]


def _table(comparison: Comparison, results: Sequence[Result]) -> str:
    text, names = io.StringIO(), labels(comparison.pairs)
    writer = csv.writer(text)
    writer.writerow(["method", "pair", *results[0].measured, "seconds", "run"])
    for each in results:
        values = [f"{value:.6f}" for value in (*each.measured.values(), each.seconds)]
        writer.writerow([each.method, names[each.pair], *values, each.run])
    return text.getvalue()


def _for_judging(comparison: Comparison, results: Sequence[Result], folder: Path) -> str:
    """Return what a blind comparison needs; photographs and styles are copied, small."""
    pairs = []
    for number, pair in enumerate(comparison.pairs):
        names = {}
        for role, path in zip(ANCHORS, pair, strict=True):
            small = thumbnail(path, LOOKED_AT)
            names[role] = f"pictures/{number:03}-{role}.jpg"
            if small is not None:
                write_atomically(folder / names[role], _jpeg(small, 90), True)
        pairs.append(names)
    found = [
        {"method": each.method, "pair": each.pair, "path": each.path.relative_to(folder).as_posix()}
        for each in results
    ]
    return json.dumps({"pairs": pairs, "results": found}, indent=1)


def _differing(settings: Settings) -> str:
    """Return the settings that are not the default; of files the names only."""
    said = []
    for each in fields(settings):
        value = getattr(settings, each.name)
        if value != each.default or each.name == "method":
            is_path = isinstance(value, str) and Path(value).is_absolute()
            said.append(f"{each.name} {Path(value).name if is_path else value}")
    return ", ".join(said)


def _html_table(lines: Sequence[Line], anchors: Anchors, pairs: int) -> str:
    """Return the means, with the medians in what the mouse shows and the best in bold."""
    heads = "".join(f"<th>{n}{'↑' if MEASURES[n].more else '↓'}</th>" for n in lines[0].mean)
    head = f"<tr><th>mean of {pairs} pairs</th>{heads}<th>seconds</th></tr>"
    best = {
        name: (max if MEASURES[name].more else min)(line.mean[name] for line in lines)
        for name in lines[0].mean
    }
    rows = []
    for line in lines:
        cells = "".join(
            f'<td title="median {_number(line.median[name])}"'
            f"{' class=best' if math.isclose(value, best[name]) else ''}>{_number(value)}</td>"
            for name, value in line.mean.items()
        )
        time = f"{line.seconds:.3g}{'*' * line.mixed}"
        rows.append(f"<tr><th>{html.escape(line.method)}</th>{cells}<td>{time}</td></tr>")
    for name, each in anchors.items():
        cells = "".join(f"<td>{_number(value)}</td>" for value in each.values())
        rows.append(f"<tr class=anchor><th>the {name} itself</th>{cells}<td></td></tr>")
    return f"<table>{head}{''.join(rows)}</table>"


def _figures(comparison: Comparison, results: Sequence[Result]) -> str:
    rows, names = [], labels(comparison.pairs)
    for name, paths in zip(names, _paths(comparison, results), strict=True):
        cells = "".join(f'<td><img src="{_inline(path)}" alt=""></td>' for path in paths)
        title = f'<tr><th colspan="{len(paths)}">{html.escape(name)}</th></tr>'
        rows.append(f"{title}<tr>{cells}</tr>")
    return "".join(rows)


def _inline(path: Path) -> str:
    small = thumbnail(path, SHOWN)
    if small is None:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(_jpeg(small, 82)).decode()}"


def _jpeg(image: Image.Image, quality: int) -> bytes:
    data = io.BytesIO()
    image.save(data, "jpeg", quality=quality)
    return data.getvalue()


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Methods compared</title>
<meta name="viewport" content="width=device-width">
<style>
:root {{ font: 15px system-ui, sans-serif; color: #222; background: #fff }}
body {{ max-width: 1500px; margin: 2em auto; padding: 0 1em }}
table {{ border-collapse: collapse }} .scroll {{ overflow-x: auto }}
td, th {{ padding: .3em .6em; text-align: right; font-variant-numeric: tabular-nums }}
tr > th:first-child {{ text-align: left; font-weight: 500 }} .best {{ font-weight: 700 }}
tr {{ border-bottom: 1px solid #ddd }} .anchor {{ color: #777; font-style: italic }}
.pictures td, .pictures tr > th {{ padding: 3px; text-align: center; border: 0 }}
.pictures th[colspan] {{ text-align: left }}
.pictures img {{ width: 200px; display: block }} svg {{ max-width: 100%; height: auto }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .3em 1em }} dd {{ margin: 0 }}
.small {{ color: #777; font-size: 90% }}
</style></head><body><h1>Methods compared</h1>
<p>Judged by {judge}. The photo itself and the style itself show what copying would score: a method
must be near the style in style and near the photo in content at once. There is no total.</p>
<div class="scroll">{table}</div>
<p class="small">Bold: the best mean. The mouse on a number shows the median. * Some of these times
are of an earlier run.</p>
<svg{plot}
<p class="small">Ringed: no other method is as good in style, content and time at once.</p>
<h2>Pictures</h2><div class="scroll"><table class="pictures">
<tr><th>photo</th><th>style</th>{heads}</tr>{pictures}</table></div>
<h2>Measures</h2><dl>{measures}</dl><h2>Settings</h2><dl>{settings}</dl>
<p class="small">{made}</p></body></html>
"""
