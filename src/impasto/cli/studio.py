"""`impasto studio`: the page in the browser."""

import threading
import webbrowser
from pathlib import Path

from impasto.cli.options import Browser, interruptible, own
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
    public: bool = own(False, "For strangers: each sees only their own results.", "--public"),
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
