"""`impasto stylize`, `explore` and `styles`: one content, painted once or in many ways."""

import shlex
import sys
import time
from pathlib import Path
from typing import Any

import typer

from impasto.cli.options import (
    Force,
    Masks,
    Quiet,
    Where,
    argument,
    more,
    own,
    stopping,
    style_names,
    style_pictures,
    with_settings,
)
from impasto.cli.terminal import echo, uninterrupted
from impasto.errors import SettingsError


@with_settings
def stylize(
    content: str | None = argument(None, "The picture to paint; - reads it from a pipe."),
    styles: list[str] | None = style_pictures(),
    *,
    mask: Masks = None,
    where: Where = None,
    output: str | None = own(
        None, "Where to save: a file, a folder, or - for a pipe. \\[CONTENT-STYLE.png]"
    ),
    force: Force = False,
    show: bool = own(False, "Open the result."),
    quiet: Quiet = False,
    animation: Path | None = own(None, "Save the process: .gif, .webp, .apng or .mp4."),
    plot: Path | None = more(None, "Save a plot of the losses."),
    recipe: Path | None = more(None, "Start from the recipe in a picture or a .json file."),
    random: list[Path] | None = more(
        None,
        "Draw the pictures that are not named from a folder, or from two: contents, styles.",
        metavar="FOLDER",
    ),
    look_in: list[Path] | None = more(None, "Where to find a recipe's pictures.", metavar="FOLDER"),
    plan: bool = more(False, "Print how much time and memory it would take, and stop."),
    resume: bool = own(False, "Save a long run once a minute, and resume it if it was stopped."),
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

    masks = [*(mask or []), *(where or [])]
    job = gather_job(
        content, styles or [], output, recipe, random or [], look_in or [], options, masks
    )
    if plot is not None and not job.settings.method_row.steps:
        raise SettingsError("a plot shows the losses of an optimization: one pass has none")
    records = Records(animation, plot, force=force)
    outputs = Outputs(job.output, job.protected, records, force, resume)
    picture = paint(job, outputs, quiet=quiet, started=started, plan=plan)
    if show and picture is not None:
        picture.show()


@with_settings
def explore(
    content: str = argument(..., "The picture to paint."),
    styles: list[str] = style_pictures(...),
    *,
    vary: list[str] | None = own(
        None,
        "A setting and its values: style-loss=gram,nnfm. Repeatable. "
        r"\[strength, style scale, style loss and color]",
        metavar="NAME=A,B",
    ),
    output: Path | None = own(
        None,
        "Folder for the pictures; an earlier one is kept. \\[CONTENT-STYLE-looks]",
        metavar="FOLDER",
    ),
    quiet: Quiet = False,
    options: dict[str, Any],
) -> None:
    """Paint CONTENT like STYLE in many ways, small and side by side, to choose from.

    Example: impasto explore harbour.jpg starry_night.jpg
    """
    from impasto.batch import explore as exploring
    from impasto.cli.inputs import say_animations
    from impasto.cli.painting import counted, prepare
    from impasto.files import refuse_inputs
    from impasto.gallery.names import find_style
    from impasto.images import open_picture, output_name
    from impasto.settings import Settings

    size = options.get("size") or exploring.PREVIEW_SIZE
    settings = exploring.preview_settings(Settings(**options), size)
    if settings.tune:
        raise SettingsError("tune does not go with what is varied here: leave it out")
    variants = exploring.vary(settings, _axes(vary) if vary else exploring.default_axes(settings))
    sources = [str(find_style(style)) for style in styles]
    for source in (content, *sources):
        open_picture(source, max_size=64)  # raises at once what is wrong with it
    say_animations([content])
    needing = {(v.settings.method, v.settings.encoder): v.settings for v in variants}
    for each in needing.values():
        prepare(each, quiet)
    name = output_name(Path(content).name, [Path(each).name for each in sources])
    folder = exploring.free_folder(output or Path(f"{name}-looks"), variants)
    refuse_inputs(folder / exploring.SHEET, [content, *sources])
    painted: list[Any] = []
    try:
        with stopping(lambda: f"stopped: {len(painted)} of {len(variants)} are there"):
            found = exploring.paint_variants(content, sources, variants, folder)
            painted.extend(counted(found, len(variants), quiet))
    finally:
        with uninterrupted():
            if painted:
                echo(exploring.save_variants(painted, folder / exploring.SHEET))
    if not quiet:
        recipe = folder / f"{variants[-1].name}.json"
        again = shlex.join(["impasto", "stylize", content, *styles, "--recipe", str(recipe)])
        echo(f"to make number {variants[-1].name} large: {again} --size 2048", file=sys.stderr)


def _axes(given: list[str]) -> dict[str, list[str]]:
    """Return settings and values: `style-loss=gram,nnfm`."""
    axes = {}
    for each in given:
        name, _, values = each.partition("=")
        found = [value.strip() for value in values.split(",") if value.strip()]
        if not found:
            raise SettingsError(f"--vary takes a name and values, strength=0.5,1; not {each!r}")
        axes[name.strip().lstrip("-").replace("-", "_")] = found
    return axes


styles_app = typer.Typer(
    help="Style pictures that have names: listed, saved, and folders of your own.",
    invoke_without_command=True,
)


@styles_app.callback()
def list_all(context: typer.Context) -> None:
    """List the styles that have names: use one instead of a picture's path.

    Drawings come with impasto; paintings, all in the public domain, are downloaded when they are
    first used; then come the pictures of folders that were added.

    Example: impasto stylize photo.jpg mosaic
    """
    if context.invoked_subcommand is not None:
        return
    from impasto.gallery.names import list_styles

    styles = list(list_styles())
    width = max(len(style.name) for style in styles)
    for style in styles:
        end = "" if style.here else " (downloaded on first use)"
        echo(f"{style.name:<{width}}  {style.kind:<8}  {style.description}{end}")


@styles_app.command()
def save(
    name: str = argument(..., "A name of `impasto styles`.", autocompletion=style_names),
    output: Path = own(..., "Where to save it.", "--output", "-o"),
    *,
    size: int | None = own(None, "Longest side in pixels, at most.", min=1),
    force: Force = False,
) -> None:
    """Save the picture of a style, as large as it is or smaller.

    Example: impasto styles save mosaic -o mosaic.png --size 512
    """
    from impasto.gallery import open_style

    echo(open_style(name, size).save(output, overwrite=force))


@styles_app.command()
def add(folder: Path = argument(..., "Its pictures get the names of their files.")) -> None:
    """Add a folder of your own: its pictures become styles with the names of their files.

    Example: impasto styles add paintings
    """
    from impasto.gallery.names import PREFIX, add_folder, is_taken

    names, left_out = add_folder(folder)
    echo(f"{len(names)} styles in {folder}: see `impasto styles`")
    for file, reason in left_out.items():
        echo(f"left out: {file} {reason}", file=sys.stderr)
    for name in filter(is_taken, names):
        echo(f"{name} is yours now; the gallery's is {PREFIX}{name}", file=sys.stderr)


@styles_app.command()
def remove(folder: Path = argument(..., "A folder that was added.")) -> None:
    """Take a folder of your own off the list; its pictures stay where they are."""
    from impasto.gallery.names import remove_folder

    remove_folder(folder)
