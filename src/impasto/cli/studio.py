"""`impasto studio` and `impasto judge`: pages in the browser."""

import threading
import webbrowser
from contextlib import closing, suppress
from pathlib import Path

from impasto.cli.options import Browser, argument, interruptible, own
from impasto.cli.terminal import echo


@interruptible
def studio(
    *,
    host: str = own("127.0.0.1", "Address to listen at; 0.0.0.0 is open to the network."),
    port: int = own(7860, "Port; if it is taken, the next free one."),
    auth: list[str] | None = own(None, "Who may come in. Repeatable.", metavar="USER:PASSWORD"),
    max_size: int = own(2048, "Longest side of results, in pixels."),
    max_upload: float = own(50.0, "Megabytes of an upload."),
    queue: int = own(32, "Jobs that may wait."),
    minutes: float = own(10.0, "That a job may take."),
    public: bool = own(False, "For strangers: each sees only their own results."),
    history: Path | None = own(
        None, "Folder that results are kept in. \\[the user's data]", metavar="FOLDER"
    ),
    root_path: str = own("", "Path that a proxy serves it below: /impasto.", metavar="PATH"),
    name: list[str] | None = own(
        None, "Host name that the page has, behind a proxy. Repeatable.", metavar="NAME"
    ),
    browser: Browser = False,
) -> None:
    """Open the studio: a page that makes and compares pictures, and an API for programs.

    Example: impasto studio --browser
    """
    from impasto.studio import StudioOptions, serve
    from impasto.studio.options import history_folder

    pairs = [(user, word) for user, _, word in (each.partition(":") for each in auth or [])]
    options = StudioOptions(
        host=host,
        port=port,
        auth=tuple(pairs),
        max_size=max_size,
        max_upload=max_upload,
        queue=queue,
        minutes=minutes,
        public=public,
        history=history or history_folder(),
        root_path=root_path,
        names=tuple(name or ()),
    )
    with serve(options) as url:
        try:
            echo(url)
            if browser:
                webbrowser.open(url)
            threading.Event().wait()
        except KeyboardInterrupt:
            echo("closing")


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
            page = JudgingPage(answers, port)
            echo(page.url)
            if browser:
                webbrowser.open(page.url)
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
            page.close()
        echo(*answers.lines())
