"""`impasto evaluate`: how good stylized pictures are, in numbers."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from impasto.cli import completion
from impasto.cli.options import Quiet, Table, own, say
from impasto.cli.signals import status_of
from impasto.cli.terminal import echo
from impasto.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from impasto.evaluation.evaluating import Row
    from impasto.evaluation.triples import Triple

_CLIPS = (".mp4", ".mov", ".mkv", ".webm")
_PICTURES = "files, folders, patterns, up to the next option."


def evaluate(
    *,
    content: list[str] | None = own(
        None, f"Photographs: {_PICTURES}", "--content", "-c", metavar="FILE…"
    ),
    style: list[str] | None = own(
        None,
        f"Styles: {_PICTURES}",
        *("--style", "-s"),
        metavar="FILE…",
        autocompletion=completion.styles,
    ),
    output: list[str] | None = own(
        None, f"Stylized: {_PICTURES}", "--output", "-o", metavar="FILE…"
    ),
    triples: Path | None = own(None, "Instead, a .csv with columns content,style,output."),
    match: str = own(
        "auto",
        "What belongs together: in order (one content or style serves all), or by name "
        "(content-style). auto: by name if all names fit, else in order if there are as many.",
        metavar="auto|order|name",
        autocompletion=completion.one_of("auto", "order", "name"),
    ),
    size: int = own(512, "Longest side that is judged.", min=64),
    tile: int | None = own(
        None, "Seams of tiles of this size, as judged. \\[the worst line]", min=2
    ),
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
    from impasto.evaluation.triples import COLUMNS, Triple, find_triples, read_table

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
    rows: list[Row] = []
    try:
        _measure(rows, found, size, tile, quiet)
    except KeyboardInterrupt as interrupt:
        say(f"stopped: {len(rows)} of {len(found)} are measured")
        _report(rows, table, quiet)
        raise typer.Exit(status_of(interrupt)) from None
    _report(rows, table, quiet)
    if inception is not None:
        _print_set_distances(rows, inception)


def _report(rows: "list[Row]", table: Path | None, quiet: bool) -> None:
    from impasto.evaluation.evaluating import save_table, summary_lines

    if rows:
        echo(*summary_lines(rows))
        if table is not None:
            say(str(save_table(rows, table)), quiet)


def _measure(
    rows: "list[Row]", found: "list[Triple]", size: int, tile: int | None, quiet: bool
) -> None:
    from impasto.cli.progress import counted
    from impasto.evaluation.evaluating import rows_of
    from impasto.evaluation.judging import Judge
    from impasto.evaluation.networks import find_lpips

    lpips = find_lpips()
    judge = Judge(size, tile=tile, lpips=lpips)
    say(f"judged by {judge.describe()}", quiet)
    if lpips is None:
        say("LPIPS is left out: no lpips.onnx or lpips.pt in IMPASTO_WEIGHTS", quiet)
    rows.extend(counted(rows_of(found, judge), len(found), quiet))


def _print_set_distances(rows: "list[Row]", inception: Path) -> None:
    from impasto.evaluation.evaluating import set_distances
    from impasto.evaluation.networks import open_network

    found = set_distances(rows, open_network(inception))
    made, photos, styles = found.fid
    echo(f"{'FID':18}{made:9.2f}{'':9}{photos:11.2f}{styles:11.2f}   outputs to styles")
    if found.art_fid is None:
        say("ArtFID is left out: it needs LPIPS")
    else:
        made, photos, styles = found.art_fid
        echo(f"{'ArtFID':18}{made:9.2f}{'':9}{photos:11.2f}{styles:11.2f}")
    if found.warn:
        say(
            f"FID of {len(rows)} pictures with {found.dimensions} features says little: compare it "
            "with that of as many others at most, better of 2048 and more"
        )


def _print_flicker(found: "list[Triple]", table: Path | None, quiet: bool) -> None:
    from impasto.evaluation.evaluating import FILES
    from impasto.evaluation.flicker import mean_errors
    from impasto.evaluation.triples import write_table
    from impasto.video.measuring import measured

    rows = []
    echo(f"{'flicker':30}{'stylized':>10}{'the clip':>10}")
    for triple in found:
        frames = [each[1] for each in measured(str(triple.content), str(triple.output), (1,))]
        if not frames:
            raise ImageError(f"there is nothing to compare in {triple.output}: it has one frame")
        stylized, original = mean_errors(frames)
        echo(f"{triple.output.name:30}{stylized:10.4f}{original:10.4f}")
        rows.append((*triple, stylized, original))
    if table is not None:
        head = (*FILES, "flicker", "flicker of the clip")
        say(str(write_table(table, head, rows)), quiet)
