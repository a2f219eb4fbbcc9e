"""`impasto judge`: which of two results people prefer."""

import threading
import webbrowser
from pathlib import Path

from impasto.cli.options import Browser, argument, own


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
    from impasto.evaluation.answers import Answers
    from impasto.evaluation.page import JudgingPage

    answers = Answers(folder)
    try:
        if not scores:
            page = JudgingPage(answers, port)
            print(page.url, flush=True)
            if browser:
                webbrowser.open(page.url)
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                page.close()
        print("\n".join(answers.lines()))
    finally:
        answers.close()
