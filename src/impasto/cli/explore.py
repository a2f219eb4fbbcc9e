"""`impasto explore`: one content in one style in many ways, small, to choose from."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli.options import INTERRUPTED, interruptible, with_settings
from impasto.errors import SettingsError

SHEET = "looks.png"


@interruptible
@with_settings
def explore(
    content: Annotated[str, typer.Argument(help="The picture to paint.")],
    styles: Annotated[
        list[str],
        typer.Argument(
            metavar="STYLE...", help="What to paint like: files, or names (see styles)."
        ),
    ],
    *,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting and its values: style-loss=gram,nnfm. May be given several times. "
            "\\[strength, style scale, style loss and color]",
            metavar="NAME=A,B",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the pictures. \\[CONTENT-STYLE-looks]"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the path only.")] = False,
    options: dict[str, Any],
) -> None:
    """Paint CONTENT like STYLE in many ways, small and side by side, to choose from.

    Example: impasto explore harbour.jpg starry_night.jpg
    """
    from impasto.batch.looks import SMALL, paint_looks, save_looks, sketched, usual_axes
    from impasto.batch.looks import vary as varied
    from impasto.cli.painting import download_weights
    from impasto.cli.progress import counting
    from impasto.files import refuse_inputs
    from impasto.gallery.names import find_style
    from impasto.images import LEAST_PICTURE, open_for_role, output_name
    from impasto.settings import Settings

    settings = sketched(Settings.from_dict(options), options.get("size") or SMALL)
    if settings.tune:
        raise SettingsError("tune does not go with what is varied here: leave it out")
    cells = varied(settings, _axes(vary) if vary else usual_axes(settings))
    sources = [str(find_style(style)) for style in styles]
    for role, source in [("content", content), *(("style", each) for each in sources)]:
        open_for_role(source, role, LEAST_PICTURE)  # raises at once what is wrong with it
    needing = {(cell.settings.method, cell.settings.encoder): cell.settings for cell in cells}
    for each in needing.values():
        download_weights(each, quiet, lambda: None)
    name = output_name(Path(content).name, [Path(each).name for each in sources])
    folder = output or Path(f"{name}-looks")
    refuse_inputs(folder / SHEET, [content, *sources])
    painted = []
    try:
        with counting(len(cells), quiet) as count:
            for each_painted in paint_looks(content, sources, cells, folder):
                painted.append(each_painted)
                count()
    except KeyboardInterrupt:
        print(f"stopped: {len(painted)} of {len(cells)} are there", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if painted:
            print(save_looks(painted, folder / SHEET))
    if not quiet:
        recipe = folder / f"{cells[-1].name}.json"
        again = shlex.join(["impasto", "stylize", content, *styles, "--recipe", str(recipe)])
        print(f"to make number {cells[-1].name} large: {again} --size 2048", file=sys.stderr)


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
