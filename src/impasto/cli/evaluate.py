"""`impasto evaluate`: how good stylized pictures are, in numbers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from impasto.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from impasto.evaluation.evaluating import Row
    from impasto.evaluation.triples import Triple

_CLIPS = (".mp4", ".mov", ".mkv", ".webm")
_PICTURES = "files, folders, patterns, up to the next option."
_MANY = ("--content", "-c", "--style", "-s", "--output", "-o")


class PicturesUpToAnOption(TyperCommand):
    """Takes all that follows an option of pictures, as a pattern that the shell wrote out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Repeat the option before each picture, and let the rest be as it is."""
        spread: list[str] = []
        option = ""
        for before, arg in zip(["", *args], args, strict=False):
            if arg.startswith("-"):
                option = arg if arg in _MANY else ""
            elif option and before != option:
                spread.append(option)
            spread.append(arg)
        return super().parse_args(ctx, spread)


def evaluate(
    *,
    content: Annotated[
        list[str] | None, typer.Option("--content", "-c", help=f"Photographs: {_PICTURES}")
    ] = None,
    style: Annotated[
        list[str] | None, typer.Option("--style", "-s", help=f"Styles: {_PICTURES}")
    ] = None,
    output: Annotated[
        list[str] | None, typer.Option("--output", "-o", help=f"Stylized: {_PICTURES}")
    ] = None,
    triples: Annotated[
        Path | None,
        typer.Option(help="Instead, a .csv with columns content,style,output.", metavar="FILE"),
    ] = None,
    match: Annotated[
        str,
        typer.Option(
            help="What belongs together: in order (one content or style serves all), or by name "
            "(content-style). auto: by name if all names fit, else in order if there are as many.",
            metavar="auto|order|name",
        ),
    ] = "auto",
    size: Annotated[int, typer.Option(help="Longest side that is judged.", min=64)] = 512,
    tile: Annotated[
        int | None,
        typer.Option(help=r"Seams of tiles of this size, as judged. \[the worst line]", min=2),
    ] = None,
    inception: Annotated[
        Path | None,
        typer.Option(
            help="FID and ArtFID with this network: .onnx or TorchScript .pt, from "
            "(1, 3, 299, 299), sRGB in 0 to 1, to features.",
            metavar="FILE",
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="Save each picture's measures, or each clip's, as .csv.", metavar="FILE"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the table only.")] = False,
) -> None:
    """Measure stylized pictures: style, content, structure, colors, noise and tile seams.

    The photo itself and the style itself are always measured beside them: what only copies is good
    in one half of the table and bad in the other. There is no total. VGG-19 judges where its file
    is at hand, else the bundled pocket encoder. LPIPS is measured where lpips.onnx or lpips.pt (of
    two pictures in -1 to 1) is in a folder of IMPASTO_WEIGHTS. Of clips flicker is measured.

    Example: impasto evaluate -c photos -s painting.jpg -o painted --table measures.csv
    """
    from impasto.cli.inputs import check_outputs
    from impasto.cli.painting import say
    from impasto.evaluation.evaluating import save_table, summary_lines

    found = _triples(content, style, output, triples, match, quiet)
    check_outputs([table], [path for triple in found for path in triple])
    if all(each.output.suffix.lower() in _CLIPS for each in found):
        _print_flicker(found, table, quiet)
        return
    rows = _measured(found, size, tile, quiet)
    print("\n".join(summary_lines(rows)))
    if inception is not None:
        _print_set_distances(rows, inception)
    if table is not None:
        say(str(save_table(rows, table)), quiet)


def _triples(
    content: list[str] | None,
    style: list[str] | None,
    output: list[str] | None,
    table: Path | None,
    match: str,
    quiet: bool,
) -> "list[Triple]":
    from impasto.batch import find_pictures
    from impasto.batch.pairs import RESERVED
    from impasto.cli.painting import say
    from impasto.evaluation.triples import COLUMNS, Triple, match_triples, read_table
    from impasto.gallery.names import find_style

    if table is not None:
        if content or style or output:
            raise SettingsError("triples says it all: leave content, style and output out")
        return [Triple(*row) for row in read_table(table, COLUMNS)]
    if not (content and style and output):
        raise SettingsError("content, style and output are needed, or triples with all of them")
    styles = find_pictures(str(find_style(each)) for each in style)
    made = [path for path in find_pictures(output) if path.stem not in RESERVED] or [
        Path(output[0])
    ]
    found, way = match_triples(find_pictures(content), styles, made, match)
    if len(found) > 1:
        say(f"matched by {way}; the first is {' + '.join(p.name for p in found[0])}", quiet)
    return found


def _measured(found: "list[Triple]", size: int, tile: int | None, quiet: bool) -> "list[Row]":
    from impasto.cli.painting import say
    from impasto.cli.progress import counting
    from impasto.evaluation.evaluating import evaluate as evaluated
    from impasto.evaluation.judging import Judge
    from impasto.evaluation.networks import find_lpips

    lpips = find_lpips()
    judge = Judge(size, tile=tile, lpips=lpips)
    say(f"judged by {judge.describe()}", quiet)
    if lpips is None:
        say("LPIPS is left out: no lpips.onnx or lpips.pt in IMPASTO_WEIGHTS", quiet)
    rows = []
    with counting(len(found), quiet) as count:
        for row in evaluated(found, judge):
            rows.append(row)
            count()
    return rows


def _print_set_distances(rows: "list[Row]", inception: Path) -> None:
    from impasto.evaluation.evaluating import set_distances
    from impasto.evaluation.networks import open_network

    found = set_distances(rows, open_network(inception))
    made, photos, styles = found.fid
    print(f"{'FID':18}{made:9.2f}{'':9}{photos:11.2f}{styles:11.2f}   outputs to styles")
    if found.art_fid is None:
        print("ArtFID is left out: it needs LPIPS", file=sys.stderr)
    else:
        made, photos, styles = found.art_fid
        print(f"{'ArtFID':18}{made:9.2f}{'':9}{photos:11.2f}{styles:11.2f}")
    if found.warn:
        print(
            f"FID of {len(rows)} pictures with {found.dimensions} features says little: compare it "
            "with that of as many others at most, better of 2048 and more",
            file=sys.stderr,
        )


def _print_flicker(found: "list[Triple]", table: Path | None, quiet: bool) -> None:
    from impasto.cli.painting import say
    from impasto.evaluation.evaluating import FILES
    from impasto.evaluation.flicker import mean_errors
    from impasto.evaluation.tables import write_table
    from impasto.video.measuring import measured

    rows = []
    print(f"{'flicker':30}{'stylized':>10}{'the clip':>10}")
    for triple in found:
        frames = [each[1] for each in measured(str(triple.content), str(triple.output), (1,))]
        if not frames:
            raise ImageError(f"there is nothing to compare in {triple.output}: it has one frame")
        stylized, original = mean_errors(frames)
        print(f"{triple.output.name:30}{stylized:10.4f}{original:10.4f}")
        rows.append((*triple, stylized, original))
    if table is not None:
        head = (*FILES, "flicker", "flicker of the clip")
        say(str(write_table(table, head, rows)), quiet)
