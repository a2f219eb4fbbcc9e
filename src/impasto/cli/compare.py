"""`impasto compare`: methods and settings over a set of pairs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.options import INTERRUPTED


def compare(
    methods: Annotated[Path, typer.Argument(help=r"A .toml with \[pairs] and \[methods.NAME].")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the report.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Folder that the pairs are in, instead of that in the file."),
    ] = None,
    only: Annotated[
        str, typer.Option(help="These methods only: fast,adain.", metavar="NAMES")
    ] = "",
    size: Annotated[
        int | None, typer.Option(help="Longest side painted, instead of that in the file.", min=16)
    ] = None,
    judged: Annotated[int, typer.Option(help="Longest side that is judged.", min=64)] = 512,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Paint everything again, and take all times anew.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the table only.")] = False,
) -> None:
    r"""Paint pairs with several methods, measure and time them, and write a report.

    Each method is warmed up first; times are medians. Started again it paints only what is missing
    or has changed, and says which times are of an earlier run.

    The file: \[pairs] has folder, and csv (content,style) or contents and styles; \[settings]
    those of all methods; \[methods.NAME] those of one, as the options of impasto stylize.

    Example: impasto compare benchmarks/methods.toml --data pictures -o compared
    """
    from impasto.cli.painting import download_weights
    from impasto.cli.progress import counting
    from impasto.evaluation.comparing import compare as compared
    from impasto.evaluation.comparing import table_lines
    from impasto.evaluation.judging import Judge
    from impasto.evaluation.methods import read_comparison
    from impasto.evaluation.report import anchors_of, markdown, save_report
    from impasto.plots import check_plotting

    check_plotting("a report")
    names = [name.strip() for name in only.split(",") if name.strip()]
    comparison = read_comparison(methods, data, names, size)
    for settings in comparison.methods.values():
        download_weights(settings, quiet, lambda: None)
    judge, results = Judge(judged), []
    try:
        with counting(len(comparison.pairs) * len(comparison.methods), quiet) as count:
            for result in compared(comparison, output, judge, fresh=fresh):
                results.append(result)
                count()
        page = save_report(comparison, results, judge, output)
    except KeyboardInterrupt:
        print("stopped: the same command goes on", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    lines = table_lines(results)
    print(markdown(lines, anchors_of(comparison, judge), len(comparison.pairs)))
    if not quiet:
        print(f"judged by {judge.describe()}", file=sys.stderr)
        if any(line.mixed for line in lines):
            print("* some of these times are of an earlier run: --fresh", file=sys.stderr)
        print(page)
