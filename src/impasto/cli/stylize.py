"""`impasto stylize`: one content, one style or several, one picture."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli.options import Folders, interruptible, with_settings
from impasto.errors import SettingsError


@interruptible
@with_settings
def stylize(
    content: Annotated[
        str | None, typer.Argument(help="The picture to paint; - reads it from a pipe.")
    ] = None,
    styles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STYLE...", help="What to paint like: files, or names (see styles)."
        ),
    ] = None,
    *,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            help="A mask and the style that is for where it is white: sky.png=wave.jpg. May be "
            "given several times; STYLE paints the rest.",
            metavar="MASK=STYLE",
        ),
    ] = None,
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
    look_in: Annotated[
        list[Path] | None,
        typer.Option(help="Where to find the pictures of a recipe.", metavar="FOLDER"),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would take of time and memory, no more.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Save a long run once a minute, and go on where it was if it stopped."
        ),
    ] = False,
    options: dict[str, Any],
) -> None:
    """Paint CONTENT in the style of STYLE.

    Example: impasto stylize harbour.jpg starry_night.jpg --size 1024
    """
    started = time.monotonic()
    from impasto.cli.inputs import check_outputs, gather_job
    from impasto.cli.painting import paint, say_plan
    from impasto.records import Records

    folders = Folders(random or [], look_in or [])
    job = gather_job(content, styles or [], output, recipe, folders, options, mask or [])
    if plot is not None and not job.settings.row.steps:
        raise SettingsError("a plot shows the losses of an optimization: one pass has none")
    records = Records(animation, plot, force=force)
    check_outputs([job.output, animation, plot], job.protected)
    if plan:
        say_plan(job)
        return
    picture = paint(job, records, force=force, quiet=quiet, started=started, resume=resume)
    if show:
        picture.show()
