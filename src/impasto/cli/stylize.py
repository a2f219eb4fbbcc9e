"""`impasto stylize`: one content, one style or several, one picture."""

import time
from pathlib import Path
from typing import Any

from impasto.cli.options import (
    Force,
    Quiet,
    argument,
    own,
    style_pictures,
    with_settings,
)
from impasto.errors import SettingsError


@with_settings
def stylize(
    content: str | None = argument(None, "The picture to paint; - reads it from a pipe."),
    styles: list[str] | None = style_pictures(),
    *,
    mask: list[str] | None = own(
        None,
        "Paint a style where a mask is white: sky.png=wave.jpg; STYLE paints the rest. Repeatable.",
        metavar="MASK=STYLE",
    ),
    output: str | None = own(
        None,
        "Where to save: a file, a folder, or - for a pipe. \\[CONTENT-STYLE.png]",
        *("--output", "-o"),
    ),
    force: Force = False,
    show: bool = own(False, "Open the result.", "--show"),
    quiet: Quiet = False,
    animation: Path | None = own(None, "Save the process: .gif, .webp, .apng or .mp4."),
    plot: Path | None = own(None, "Save a plot of the losses.", more=True),
    recipe: Path | None = own(
        None, "Start from the recipe in a picture or a .json file.", more=True
    ),
    random: list[Path] | None = own(
        None,
        "Draw the pictures that are not named from a folder, or from two: contents, styles.",
        metavar="FOLDER",
        more=True,
    ),
    look_in: list[Path] | None = own(
        None, "Where to find the pictures of a recipe.", metavar="FOLDER", more=True
    ),
    plan: bool = own(
        False, "Print how much time and memory it would take, and stop.", "--plan", more=True
    ),
    resume: bool = own(
        False, "Save a long run once a minute, and resume it if it was stopped.", "--resume"
    ),
    options: dict[str, Any],
) -> None:
    """Paint CONTENT in the style of STYLE.

    Example: impasto stylize harbour.jpg starry_night.jpg --size 1024
    """
    started = time.monotonic()
    from impasto.cli.inputs import gather_job
    from impasto.cli.outputs import Outputs
    from impasto.cli.painting import paint
    from impasto.records import Records

    job = gather_job(
        content, styles or [], output, recipe, random or [], look_in or [], options, mask or []
    )
    if plot is not None and not job.settings.row.steps:
        raise SettingsError("a plot shows the losses of an optimization: one pass has none")
    records = Records(animation, plot, force=force)
    outputs = Outputs(job.output, job.protected, records, force, resume)
    picture = paint(job, outputs, quiet=quiet, started=started, plan=plan)
    if show and picture is not None:
        picture.show()
