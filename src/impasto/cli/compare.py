"""`impasto compare` and `impasto judge`: methods over a set of pairs, and what people prefer."""

import threading
import webbrowser
from contextlib import closing, suppress
from pathlib import Path

from impasto.cli.options import Browser, Quiet, argument, own, say, stopping
from impasto.cli.terminal import echo


def compare(
    methods: Path = argument(..., "A .toml with \\[pairs] and \\[methods.NAME]."),
    *,
    output: Path = own(..., "Folder for the report.", "--output", "-o", metavar="FOLDER"),
    data: Path | None = own(
        None, "Folder that the pairs are in, instead of that in the file.", metavar="FOLDER"
    ),
    only: str = own("", "These methods only: fast,adain.", metavar="NAMES"),
    size: int | None = own(None, "Longest side painted, instead of that in the file.", min=16),
    judged: int = own(512, "Longest side that is judged.", min=64),
    fresh: bool = own(False, "Paint everything again, and measure all times again.", "--fresh"),
    quiet: Quiet = False,
) -> None:
    r"""Paint pairs with several methods, measure and time them, and write a report.

    Each method is warmed up first; times are medians. Run again, it paints only what is missing or
    has changed, and says which times are of an earlier run.

    The file: \[pairs] has folder, and csv (content,style) or contents and styles; \[settings]
    those of all methods; \[methods.NAME] those of one, as the options of impasto stylize.

    Example: impasto compare benchmarks/methods.toml --data pictures -o compared
    """
    from impasto.cli.painting import prepare
    from impasto.cli.progress import counted
    from impasto.evaluation.comparing import compare as compared
    from impasto.evaluation.comparing import read_comparison, table_lines
    from impasto.evaluation.judging import Judge
    from impasto.evaluation.networks import find_lpips
    from impasto.evaluation.report import anchors_of, markdown, save_report
    from impasto.plots import check_plotting

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


def judge(
    folder: Path = argument(..., "Folder that impasto compare made."),
    *,
    scores: bool = own(False, "Print the scores of the answers so far, and end.", "--scores"),
    port: int = own(0, "Port of the page; 0: any.", min=0, max=65535),
    browser: Browser = False,
) -> None:
    """Ask on a local page which of two results is better, without saying whose they are.

    Keys: left, right, down for equal; Ctrl-C ends. Answers are kept in the folder. Scores are those
    of Bradley and Terry, with 95 % confidence intervals: a difference of 1 is preferred by 73 %.

    Example: impasto judge compared --browser
    """
    from impasto.evaluation.blind import Answers, JudgingPage

    with closing(Answers(folder)) as answers:
        if not scores:
            page = JudgingPage(answers, port)
            echo(page.url)
            if browser:
                webbrowser.open(page.url)
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
            page.close()
        echo(*answers.lines())
