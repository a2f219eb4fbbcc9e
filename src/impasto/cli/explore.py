"""`impasto explore`: one content in one style in many ways, small, to choose from."""

import shlex
import sys
from pathlib import Path
from typing import Any

from impasto.cli.options import Quiet, argument, own, stopping, style_pictures, with_settings
from impasto.cli.signals import uninterrupted
from impasto.cli.terminal import echo
from impasto.errors import SettingsError


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
        *("--output", "-o"),
        metavar="FOLDER",
    ),
    quiet: Quiet = False,
    options: dict[str, Any],
) -> None:
    """Paint CONTENT like STYLE in many ways, small and side by side, to choose from.

    Example: impasto explore harbour.jpg starry_night.jpg
    """
    from impasto.batch.looks import (
        SHEET,
        SMALL,
        free_folder,
        paint_looks,
        save_looks,
        sketched,
        usual_axes,
    )
    from impasto.batch.looks import vary as varied
    from impasto.cli.painting import prepare
    from impasto.cli.progress import counted
    from impasto.files import refuse_inputs
    from impasto.gallery.names import find_style
    from impasto.images import open_picture, output_name
    from impasto.settings import Settings

    settings = sketched(Settings(**options), options.get("size") or SMALL)
    if settings.tune:
        raise SettingsError("tune does not go with what is varied here: leave it out")
    cells = varied(settings, _axes(vary) if vary else usual_axes(settings))
    sources = [str(find_style(style)) for style in styles]
    for source in (content, *sources):
        open_picture(source, max_size=64)  # raises at once what is wrong with it
    needing = {(cell.settings.method, cell.settings.encoder): cell.settings for cell in cells}
    for each in needing.values():
        prepare(each, quiet)
    name = output_name(Path(content).name, [Path(each).name for each in sources])
    folder = free_folder(output or Path(f"{name}-looks"), cells)
    refuse_inputs(folder / SHEET, [content, *sources])
    painted: list[Any] = []
    try:
        with stopping(lambda: f"stopped: {len(painted)} of {len(cells)} are there"):
            for look in counted(paint_looks(content, sources, cells, folder), len(cells), quiet):
                painted.append(look)
    finally:
        with uninterrupted():
            if painted:
                echo(save_looks(painted, folder / SHEET))
    if not quiet:
        recipe = folder / f"{cells[-1].name}.json"
        again = shlex.join(["impasto", "stylize", content, *styles, "--recipe", str(recipe)])
        echo(f"to make number {cells[-1].name} large: {again} --size 2048", file=sys.stderr)


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
