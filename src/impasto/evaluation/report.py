"""The report of a comparison: a table, a plot, a sheet, and one page with all of it."""

import io
import json
import math
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from html import escape
from pathlib import Path

import numpy as np

from impasto.batch.sheets import contact_sheet, inline, jpeg, thumbnail
from impasto.evaluation.comparing import Comparison, Line, Result, front, table_lines
from impasto.evaluation.judging import ANCHORS, MEASURES, Judge, averaged
from impasto.evaluation.triples import labels
from impasto.files import write_atomically
from impasto.local_page import page_text
from impasto.machine import cores
from impasto.settings import FIELDS, Settings
from impasto.tables import write_table
from impasto.version import __version__

#: Files in the folder of a comparison.
PAGE, SHEET, PLOT, TABLE = "report.html", "sheet.jpg", "pareto.svg", "table.csv"
#: What `impasto judge` reads: pairs and results by the names of the files.
RESULTS = "comparison.json"
#: Longest sides on the sheet, on the page and where people judge, in pixels.
SMALL, SHOWN, LOOKED_AT = 224, 320, 768


def anchors_of(comparison: Comparison, judge: Judge) -> list[Line]:
    """Return the mean measures of the photographs themselves and of the styles themselves."""
    measured = zip(*(judge.anchors(*pair) for pair in comparison.pairs), strict=True)
    return [Line(f"the {n} itself", *averaged(m)) for n, m in zip(ANCHORS, measured, strict=True)]


def save_report(
    comparison: Comparison, results: Sequence[Result], judge: Judge, folder: Path
) -> Path:
    """Save page, plot, sheet, table and what `impasto judge` needs, and return the page."""
    lines, anchors = table_lines(results), anchors_of(comparison, judge)
    plot, names = drawn_plot(lines, anchors), labels(comparison.pairs)
    write_atomically(folder / PLOT, plot, True)
    shown = _paths(comparison, results)
    small = [[thumbnail(path, SMALL) for path in row] for row in shown]
    sheet = contact_sheet(small, (SMALL, 0), above=[*ANCHORS, *comparison.methods])
    write_atomically(folder / SHEET, jpeg(sheet, 88), True)
    rows = ([r.method, names[r.pair], *r.measured.values(), r.seconds, r.run] for r in results)
    write_table(folder / TABLE, ["method", "pair", *results[0].measured, "seconds", "run"], rows)
    _save_for_judging(comparison, results, folder)
    page = page_text(
        Path(__file__).with_name("report.html"),
        judge=escape(judge.describe()),
        table=_html_table(lines, anchors, len(comparison.pairs)),
        plot=plot.decode().partition("<svg")[2],
        measures=_definitions({_title(name): MEASURES[name].meaning for name in lines[0].mean}),
        settings=_definitions({n: _differing(each) for n, each in comparison.methods.items()}),
        pictures=_figures(names, shown),
        made=f"impasto {__version__}, {datetime.now(timezone.utc):%Y-%m-%d}, "
        f"{cores()} cores, Python {platform.python_version()}, {platform.system()}",
        heads="".join(f"<th>{escape(each)}</th>" for each in comparison.methods),
    )
    return write_atomically(folder / PAGE, page, True)


def markdown(lines: Sequence[Line], anchors: Sequence[Line], pairs: int) -> str:
    """Return the table of means, in Markdown."""
    head = [f"mean of {pairs} pairs", *lines[0].mean, "seconds, median"]
    rows = [[o.method, *map(_number, o.mean.values()), _seconds(o)] for o in (*lines, *anchors)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def _seconds(line: Line) -> str:
    return "" if line.seconds is None else f"{line.seconds:.3g}{'*' * line.mixed}"


def drawn_plot(lines: Sequence[Line], anchors: Sequence[Line]) -> bytes:
    """Draw style against content against time, as SVG; ringed: what nothing beats in all three."""
    # The object interface: pyplot would keep state and might want a window.
    import matplotlib as mpl
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    points = [(o.mean["content"], o.mean["style"], max(o.seconds or 0, 1e-3)) for o in lines]
    across, up, seconds = zip(*points, strict=True)
    corners = {each.method: (each.mean["content"], each.mean["style"]) for each in anchors}
    with mpl.rc_context({"svg.hashsalt": "impasto", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 5.5), layout="constrained")
        axes = figure.add_subplot()
        scale = LogNorm(min(seconds) / 1.01, max(seconds) * 1.01)
        dots = axes.scatter(across, up, c=seconds, s=80, cmap="viridis", norm=scale, zorder=3)
        figure.colorbar(dots, label="seconds a picture, median")
        best = front(points)
        ringed = [across[n] for n in best], [up[n] for n in best]
        axes.scatter(*ringed, s=220, facecolors="none", edgecolors="tab:red", zorder=2)
        for line, point in zip(lines, points, strict=True):
            axes.annotate(line.method, point[:2], (7, 7), textcoords="offset points", fontsize=9)
        for name, place in corners.items():
            axes.scatter(*place, marker="x", color="black", clip_on=False)
            axes.annotate(name, place, (7, 7), textcoords="offset points")
        # Roots: what is near 0 is what matters, and the anchors are far away.
        axes.set_xscale("function", functions=(np.sqrt, np.square))
        axes.set_yscale("function", functions=(np.sqrt, np.square))
        right, top = map(max, zip(*(point[:2] for point in points), *corners.values(), strict=True))
        axes.set(xlim=(0, 1.4 * right), ylim=(0, 1.2 * top))
        axes.set(xlabel="content distance", ylabel="style distance")
        axes.grid(alpha=0.3)
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _paths(comparison: Comparison, results: Sequence[Result]) -> list[list[Path]]:
    """Return photograph, style and results of each pair, in the order of the methods."""
    found = {(each.pair, each.method): each.path for each in results}
    return [
        [*pair, *(found[number, method] for method in comparison.methods)]
        for number, pair in enumerate(comparison.pairs)
    ]


def _save_for_judging(comparison: Comparison, results: Sequence[Result], folder: Path) -> None:
    pairs = []
    for number, pair in enumerate(comparison.pairs):
        names = {role: f"pictures/{number:03}-{role}.jpg" for role in ANCHORS}
        for path, name in zip(pair, names.values(), strict=True):
            if small := thumbnail(path, LOOKED_AT):
                write_atomically(folder / name, jpeg(small, 90), True)
        pairs.append(names)
    found = [
        {"method": each.method, "pair": each.pair, "path": each.path.relative_to(folder).as_posix()}
        for each in results
    ]
    text = json.dumps({"pairs": pairs, "results": found}, indent=1)
    write_atomically(folder / RESULTS, text, True)


def _differing(settings: Settings) -> str:
    return ", ".join(
        f"{name} {Path(value).name if Path(str(value)).is_absolute() else value}"
        for name in FIELDS
        if (value := getattr(settings, name)) != FIELDS[name].default or name == "method"
    )


def _definitions(said: Mapping[str, str]) -> str:
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in said.items())


def _title(measure: str) -> str:
    return f"{measure.replace('_', ' ')} {MEASURES[measure].arrow}"


def _html_table(lines: Sequence[Line], anchors: Sequence[Line], pairs: int) -> str:
    """Return the means, with the medians as tooltips and the best in bold."""
    heads = "".join(f"<th>{_title(name)}</th>" for name in lines[0].mean)
    rows = [f"<tr><th>mean of {pairs} pairs</th>{heads}<th>seconds</th></tr>"]
    best = {
        name: (max if MEASURES[name].arrow == "↑" else min)(line.mean[name] for line in lines)
        for name in lines[0].mean
    }
    for line in (*lines, *anchors):
        is_anchor, row = line.seconds is None, f"<th>{escape(line.method)}</th>"
        for name, value in line.mean.items():
            is_best = not is_anchor and math.isclose(value, best[name])
            row += f'<td title="median {_number(line.median[name])}"{" class=best" * is_best}>'
            row += f"{_number(value)}</td>"
        rows.append(f"<tr{' class=anchor' * is_anchor}>{row}<td>{_seconds(line)}</td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _figures(names: Sequence[str], pictures: Sequence[Sequence[Path]]) -> str:
    rows = ""
    for name, paths in zip(names, pictures, strict=True):
        cells = "".join(f'<td><img src="{inline(path, SHOWN)}" alt=""></td>' for path in paths)
        title = f'<tr><th colspan="{len(paths)}">{escape(name)}</th></tr>'
        rows += f"{title}<tr>{cells}</tr>"
    return rows
