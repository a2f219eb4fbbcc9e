"""`impasto stylize`: one content, one style or several, one picture."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.options import with_settings

if TYPE_CHECKING:
    from impasto.api import Stylizer
    from impasto.cli.inputs import Job
    from impasto.cli.records import Records
    from impasto.optimize import State

#: Exit status of a command that Ctrl-C ended, as shells have it: 128 + SIGINT.
INTERRUPTED = 130


@with_settings
def stylize(
    content: Annotated[
        str | None, typer.Argument(help="The picture to paint; - reads it from a pipe.")
    ] = None,
    styles: Annotated[
        list[str] | None, typer.Argument(metavar="STYLE...", help="The picture(s) to paint like.")
    ] = None,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Where to save: a file, a folder, or - for a pipe. \\[CONTENT-STYLE.png]",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Replace an existing output.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Open the result.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the path only.")] = False,
    animation: Annotated[
        Path | None,
        typer.Option(help="Save the process as an animation: .gif, .webp or .mp4.", metavar="FILE"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Save a plot of the losses.", metavar="FILE")
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(help="Start from the recipe in a picture or a .json file.", metavar="FILE"),
    ] = None,
    random: Annotated[
        list[Path] | None,
        typer.Option(
            help="Take what is not named at random from a folder (content and style), "
            "or give it twice: contents, styles. Follows --seed.",
            metavar="FOLDER",
        ),
    ] = None,
    options: dict[str, Any],
) -> None:
    """Paint CONTENT in the style of STYLE.

    Example: impasto stylize harbour.jpg starry_night.jpg --size 1024
    """
    started = time.monotonic()
    from impasto.api import make_stylizer
    from impasto.cli.inputs import gather_job
    from impasto.cli.records import Records

    job = gather_job(content, styles or [], output, recipe, random or [], options)
    records = Records(animation, plot, force=force)
    if _download_weights(job, quiet):
        started = time.monotonic()
    stylizer = make_stylizer(job.styles, job.settings)
    _say(stylizer.describe(), quiet)
    state, stopped = _paint(stylizer, job, records, quiet, started)
    job.save(state.picture, force=force)
    for path in records.save(job.protected):
        print(path)
    if show:
        state.picture.show()
    if stopped:
        _say(f"stopped after {state.done} of {state.planned} steps; saved what there was", False)
        raise typer.Exit(INTERRUPTED)


def _download_weights(job: "Job", quiet: bool) -> bool:
    """Download what is missing, saying so first; return whether anything was."""
    from impasto.weights import WeightsFile, fetch, find

    def announce(file: WeightsFile, _: Path) -> None:
        _say(f"downloading {file.filename}: {file.size}, {file.license}, {file.url}", quiet)

    encoder = job.settings.encoder
    if encoder == "random" or find(encoder) is not None:
        return False
    job.check_pictures()
    fetch(encoder, on_download=announce)
    return True


def _paint(
    stylizer: "Stylizer", job: "Job", records: "Records", quiet: bool, started: float
) -> tuple["State", bool]:
    """Work through the states; return the last one, and whether Ctrl-C made it so."""
    from impasto.cli.progress import Progress

    state = None
    try:
        with Progress(quiet) as progress:
            for state in stylizer.iterate(job.content, started=started):
                progress.show(state)
                records.add(state)
    except KeyboardInterrupt:
        if state is None:
            raise
        return state, True
    assert state is not None
    return state, False


def _say(message: str, quiet: bool) -> None:
    if not quiet:
        print(message, file=sys.stderr, flush=True)
