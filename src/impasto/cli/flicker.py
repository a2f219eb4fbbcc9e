"""`impasto flicker`: how much a stylized clip flickers."""

from dataclasses import replace
from itertools import product
from math import nan
from pathlib import Path

from impasto.cli.options import Table, argument, own
from impasto.cli.terminal import echo
from impasto.errors import ImageError

#: Frames back: from frame to frame, and what drifts.
SHORT, LONG = 1, 8
_COLUMNS = ("error", "original")


def flicker(
    original: str = argument(..., "The clip as it was."),
    stylized: str = argument(..., "What became of it, or of a part of it."),
    *,
    start: str | None = own(
        None, "Where the stylized part begins. \\[as its recipe says]", metavar="TIME"
    ),
    end: str | None = own(None, "Where it ends, likewise.", metavar="TIME"),
    fps: float = own(25.0, "Frames a second of numbered pictures.", metavar="X"),
    table: Table = None,
    plot: Path | None = own(None, "Save the curves of the errors: .png, .svg or .pdf."),
    heat: Path | None = own(None, "Save a video of where it flickers."),
) -> None:
    """Measure the warping error of a stylized clip: what changes that should only have moved.

    A root mean square, of 1, over all that is seen in both frames; of the original too, whose
    noise and whose flow's errors no result can do without.

    Example: impasto flicker holiday.mp4 painted.mp4 --plot flicker.png
    """
    from impasto.evaluation.flicker import mean_errors
    from impasto.evaluation.triples import write_table
    from impasto.plots import save_plot
    from impasto.video.measuring import measured, painted_part
    from impasto.video.options import seconds

    _check(table, plot, heat, [original, stylized])
    part = painted_part(stylized)
    part = replace(
        part,
        start=part.start if start is None else seconds(start),
        end=part.end if end is None else seconds(end),
    )
    frames = list(measured(original, stylized, (SHORT, LONG), fps, heat, part))
    if not frames:
        raise ImageError(f"there is nothing to compare in {stylized}: it has one frame")
    echo(f"{'':26}{'stylized':>10}{'original':>10}")
    for lag, name in ((SHORT, "frame to frame"), (LONG, f"over {LONG} frames")):
        found = [each[lag] for each in frames if lag in each]
        errors = mean_errors(found)
        echo(f"warping error, {name:15}{errors[0]:6.4f}{errors[1]:10.4f}  ({len(found)} frames)")
    curves = {
        "stylized": [each[SHORT].error for each in frames],
        "original": [each[SHORT].original for each in frames],
        f"stylized, over {LONG}": [each[LONG].error if LONG in each else nan for each in frames],
    }
    if table is not None:
        columns = list(product((SHORT, LONG), _COLUMNS))
        # Empty where there is no frame to compare it with.
        rows = (
            [number, *(getattr(each.get(lag), what, "") for lag, what in columns)]
            for number, each in enumerate(frames, 2)
        )
        write_table(table, ["frame", *(f"{what} {lag}" for lag, what in columns)], rows)
    if plot is not None:
        numbers = range(2, len(frames) + 2)  # the first frame has none to compare it with
        save_plot(curves, plot, axes=("frame", "warping error"), at=numbers, overwrite=True)
    for path in (table, plot, heat):
        if path is not None:
            echo(path)


def _check(table: Path | None, plot: Path | None, heat: Path | None, clips: list[str]) -> None:
    """Refuse what cannot be written, before the work."""
    from impasto.files import check_writable, refuse_inputs
    from impasto.plots import check_plot

    if plot is not None:
        check_plot(plot)
    if heat is not None and heat.suffix.lower() != ".mp4":
        raise ImageError(f"the heat map is a video: name it .mp4, not {heat.name}")
    for path in (table, plot, heat):
        if path is not None:
            refuse_inputs(path, clips)
            check_writable(path)
