"""`impasto evaluate`, `compare` and `flicker`: how good pictures, methods and clips are."""

from dataclasses import replace
from itertools import product
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli.options import Quiet, Table, argument, own, stopping, style_names
from impasto.cli.terminal import echo, say
from impasto.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from impasto.evaluation.evaluating import Row
    from impasto.evaluation.triples import Triple
    from impasto.video.flicker import Flicker

_CLIPS = (".mp4", ".mov", ".mkv", ".webm")
_PICTURES = "files, folders, patterns, up to the next option."
#: Frames back: from frame to frame, and what drifts.
SHORT, LONG = 1, 8


def evaluate(
    *,
    content: list[str] | None = own(None, f"Photographs: {_PICTURES}", metavar="FILE…"),
    style: list[str] | None = own(
        None, f"Styles: {_PICTURES}", metavar="FILE…", autocompletion=style_names
    ),
    output: list[str] | None = own(None, f"Stylized: {_PICTURES}", metavar="FILE…"),
    triples: Path | None = own(None, "Instead, a .csv with columns content,style,output."),
    match: str = own(
        "auto",
        "What belongs together: in order (one content or style serves all), or by name "
        "(content-style). auto: by name if all names fit, else in order if there are as many.",
        metavar="auto|order|name",
    ),
    size: int = own(512, "Longest side that is judged.", min=64),
    tile: int | None = own(None, "Seams of tiles this large, as judged. \\[the worst line]", min=2),
    inception: Path | None = own(
        None,
        "FID and ArtFID with this network: .onnx or TorchScript .pt, from (1, 3, 299, 299), "
        "sRGB in 0 to 1, to features.",
    ),
    table: Table = None,
    quiet: Quiet = False,
) -> None:
    """Measure stylized pictures: style, content, structure, colors, noise and tile seams.

    The photo itself and the style itself are always measured beside them: what only copies is good
    in one half of the table and bad in the other. There is no total. VGG-19 judges where its file
    is at hand, else the bundled pocket encoder. LPIPS is measured where lpips.onnx or lpips.pt (of
    two pictures in -1 to 1) is in a folder of IMPASTO_WEIGHTS. Of clips flicker is measured.

    Example: impasto evaluate -c photos -s painting.jpg -o painted --table measures.csv
    """
    from impasto.cli.outputs import check_outputs
    from impasto.evaluation.triples import COLUMNS, Triple, find_triples
    from impasto.tables import read_table

    if triples is not None and (content or style or output):
        raise SettingsError("triples says it all: leave content, style and output out")
    if triples is not None:
        found = [Triple(*row) for row in read_table(triples, COLUMNS)]
    elif content and style and output:
        found, way = find_triples(content, style, output, match)
        if len(found) > 1:
            say(f"matched by {way}; the first is {' + '.join(p.name for p in found[0])}", quiet)
    else:
        raise SettingsError("content, style and output are needed, or triples with all of them")
    check_outputs([table], [path for triple in found for path in triple])
    if all(each.output.suffix.lower() in _CLIPS for each in found):
        _print_flicker(found, table, quiet)
        return
    rows = _measured(found, size, tile, table, quiet)
    if inception is not None:
        _print_set_distances(rows, inception)


def _measured(
    found: "list[Triple]", size: int, tile: int | None, table: Path | None, quiet: bool
) -> "list[Row]":
    """Measure pictures, and say what was found, also where something ends it early."""
    from impasto.cli.painting import counted
    from impasto.evaluation.evaluating import rows_of, save_table, summary_lines
    from impasto.evaluation.judging import Judge, find_lpips

    lpips = find_lpips()
    judge = Judge(size, tile=tile, lpips=lpips)
    say(f"judged by {judge.describe()}", quiet)
    if lpips is None:
        say("LPIPS is left out: no lpips.onnx or lpips.pt in IMPASTO_WEIGHTS", quiet)
    rows: list[Row] = []
    try:
        with stopping(lambda: f"stopped: {len(rows)} of {len(found)} are measured"):
            rows.extend(counted(rows_of(found, judge), len(found), quiet))
    finally:
        if rows:
            echo(*summary_lines(rows))
            if table is not None:
                say(str(save_table(rows, table)), quiet)
    return rows


def _print_set_distances(rows: "list[Row]", inception: Path) -> None:
    from impasto.evaluation.evaluating import set_distances
    from impasto.evaluation.judging import open_network

    found = set_distances(rows, open_network(inception))
    distances = ("FID", found.fid, "   outputs to styles"), ("ArtFID", found.art_fid, "")
    for name, row, note in distances:
        if row is None:
            say(f"{name} is left out: it needs LPIPS")
        else:
            made, photos, styles = row
            echo(f"{name:18}{made:9.2f}{'':9}{photos:11.2f}{styles:11.2f}{note}")
    if found.warn:
        say(
            f"FID of {len(rows)} pictures with {found.dimensions} features says little: compare it "
            "with that of as many others at most, better of 2048 and more"
        )


def _print_flicker(found: "list[Triple]", table: Path | None, quiet: bool) -> None:
    from impasto.evaluation.evaluating import FILES
    from impasto.tables import write_table
    from impasto.video.flicker import mean_errors

    rows = []
    echo(f"{'flicker':30}{'stylized':>10}{'the clip':>10}")
    for triple in found:
        frames = _frames(triple.content, triple.output, (SHORT,))
        stylized, original = mean_errors([each[SHORT] for each in frames])
        echo(f"{triple.output.name:30}{stylized:10.4f}{original:10.4f}")
        rows.append((*triple, stylized, original))
    if table is not None:
        say(str(write_table(table, (*FILES, "flicker", "flicker of the clip"), rows)), quiet)


def compare(
    methods: Path = argument(..., "A .toml with \\[pairs] and \\[methods.NAME]."),
    *,
    output: Path = own(..., "Folder for the report.", metavar="FOLDER"),
    data: Path | None = own(
        None, "Folder that the pairs are in, instead of that in the file.", metavar="FOLDER"
    ),
    only: str = own("", "These methods only: fast,adain.", metavar="NAMES"),
    size: int | None = own(None, "Longest side painted, instead of that in the file.", min=16),
    judged: int = own(512, "Longest side that is judged.", min=64),
    fresh: bool = own(False, "Paint everything again, and measure all times again."),
    quiet: Quiet = False,
) -> None:
    r"""Paint pairs with several methods, measure and time them, and write a report.

    Each method is warmed up first; times are medians. Run again, it paints only what is missing or
    has changed, and says which times are of an earlier run.

    The file: \[pairs] has folder, and csv (content,style) or contents and styles; \[settings]
    those of all methods; \[methods.NAME] those of one, as the options of impasto stylize.

    Example: impasto compare benchmarks/methods.toml --data pictures -o compared
    """
    from impasto.cli.painting import counted, prepare
    from impasto.evaluation.comparing import compare as compared
    from impasto.evaluation.comparing import read_comparison, table_lines
    from impasto.evaluation.judging import Judge, find_lpips
    from impasto.evaluation.report import anchors_of, markdown, save_report
    from impasto.records import check_plotting

    check_plotting("a report")
    names = [name.strip() for name in only.split(",") if name.strip()]
    comparison = read_comparison(methods, data, names, size)
    for settings in comparison.methods.values():
        prepare(settings, quiet)
    judge = Judge(judged, lpips=find_lpips())
    total = len(comparison.pairs) * len(comparison.methods)
    with stopping("stopped: the same command continues"):
        results = list(counted(compared(comparison, output, judge, fresh=fresh), total, quiet))
        page = save_report(comparison, results, judge, output)
    lines = table_lines(results)
    echo(*markdown(lines, anchors_of(comparison, judge), len(comparison.pairs)).split("\n"))
    say(f"judged by {judge.describe()}", quiet)
    if any(line.mixed for line in lines):
        say("* some of these times are of an earlier run: --fresh", quiet)
    if not quiet:
        echo(page)


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
    from impasto.cli.outputs import check_outputs
    from impasto.records import check_plot, save_plot
    from impasto.tables import write_table
    from impasto.video.flicker import mean_errors, painted_part
    from impasto.video.options import seconds

    if plot is not None:
        check_plot(plot)
    if heat is not None and heat.suffix.lower() != ".mp4":
        raise ImageError(f"the heat map is a video: name it .mp4, not {heat.name}")
    check_outputs([table, plot, heat], [original, stylized])
    given = {"start": start, "end": end}
    asked: dict[str, Any] = {n: seconds(text) for n, text in given.items() if text is not None}
    part = replace(painted_part(stylized), **asked)
    frames = _frames(original, stylized, (SHORT, LONG), fps, heat, part)
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
        columns = list(product((SHORT, LONG), ("error", "original")))
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


def _frames(original: object, stylized: object, *how: Any) -> "list[dict[int, Flicker]]":  # noqa: ANN401
    from impasto.video.flicker import measured

    frames = list(measured(str(original), str(stylized), *how))
    if not frames:
        raise ImageError(f"there is nothing to compare in {stylized}: it has one frame")
    return frames
