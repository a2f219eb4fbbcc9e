"""`impasto studio`: the page in the browser."""

import signal
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.options import interruptible


@interruptible
def studio(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 is open to the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; a taken one gives way to the next free.")] = 7860,
    auth: Annotated[
        list[str] | None,
        typer.Option(help="Who may come in; can be given several times.", metavar="USER:PASSWORD"),
    ] = None,
    max_size: Annotated[int, typer.Option(help="Longest side of results, in pixels.")] = 2048,
    max_upload: Annotated[float, typer.Option(help="Megabytes of an upload.")] = 50.0,
    queue: Annotated[int, typer.Option(help="Works that may wait.")] = 32,
    minutes: Annotated[float, typer.Option(help="That a work may take.")] = 10.0,
    public: Annotated[
        bool,
        typer.Option("--public", help="For strangers: each sees results of his own only."),
    ] = False,
    history: Annotated[
        Path | None,
        typer.Option(help=r"Folder that results are kept in. \[the user's data]", metavar="FOLDER"),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser", help="Open the page in the browser.")
    ] = False,
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
    )
    # As Ctrl-C: containers are ended so, and temporary files go.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serve(options) as url:
        try:
            print(url, flush=True)
            if browser:
                webbrowser.open(url)
            threading.Event().wait()
        except KeyboardInterrupt:
            print("closing", flush=True)
