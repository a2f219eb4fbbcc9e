"""`impasto studio` and `impasto judge`: pages in the browser."""

import time
import webbrowser
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import typer

from impasto.cli.options import Browser, argument, interruptible, own, with_options
from impasto.cli.terminal import echo, status_of
from impasto.studio import StudioOptions, serve


@interruptible
@partial(with_options, owner=StudioOptions)
def studio(*, browser: Browser = False, options: StudioOptions) -> None:
    """Open the studio: a page that makes and compares pictures, and an API for programs.

    Example: impasto studio --browser
    """
    with serve(options) as url:
        try:
            echo(url)
            if browser:
                webbrowser.open(url)
            while True:  # a signal that comes just before a wait without an end does not end it
                time.sleep(0.5)
        except KeyboardInterrupt as interrupt:
            echo("closing")
            raise typer.Exit(status_of(interrupt)) from None


def judge(
    folder: Path = argument(..., "Folder that impasto compare made."),
    *,
    scores: bool = own(False, "Print the scores of the answers so far, and end."),
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
            with closing(JudgingPage(answers, port)) as page, suppress(KeyboardInterrupt):
                echo(page.url)
                if browser:
                    webbrowser.open(page.url)
                while True:
                    time.sleep(0.5)
        echo(*answers.lines())
