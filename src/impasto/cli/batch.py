"""`impasto batch`: every content in every style."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from impasto.cli.options import INTERRUPTED, interruptible, with_settings
from impasto.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from impasto.settings import Settings

SHEET, PAGE = "sheet.png", "sheet.html"
_STYLES = ("--styles", "-s")


class StylesUpToAnOption(TyperCommand):
    """Takes all that follows `--styles` as styles, as a pattern that the shell wrote out gives it.

    Else the second of them would be painted as a content, and nobody would be told.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Repeat the option before each style, and let the rest be as it is."""
        spread: list[str] = []
        within = named = False
        for arg in args:
            if arg.startswith("-"):
                # --styles, -s and -qs want a value; --styles=a and -sa have one.
                named = arg == _STYLES[0] or bool(re.fullmatch("-[a-z]*s", arg))
                within = named or arg.startswith((f"{_STYLES[0]}=", _STYLES[1]))
            elif within:
                spread += [] if named else [_STYLES[0]]
                named = False
            spread.append(arg)
        return super().parse_args(ctx, spread)


@interruptible
@with_settings
def batch(
    contents: Annotated[
        list[str],
        typer.Argument(help="Pictures to paint: files, folders, patterns. They come first."),
    ],
    *,
    styles: Annotated[
        list[str] | None,
        typer.Option(
            *_STYLES,
            help="What to paint like: files, folders, patterns, names, up to the next option.",
            metavar="STYLE…",
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")],
    form: Annotated[
        str, typer.Option("--format", help="Of the results: jpg, png, webp, tif …")
    ] = "jpg",
    workers: Annotated[
        int | None, typer.Option(help=r"Pictures at once. \[by the cores and the method]", min=1)
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Make everything again, not only what is missing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the report only.")] = False,
    options: dict[str, Any],
) -> None:
    """Paint every content in every style, into a folder with a sheet of all results.

    Started again it makes only what is missing or has changed.

    Example: impasto batch photos -s paintings -o painted --method fast
    """
    from impasto.batch import find_pictures, make_pairs, paint_pairs, save_page, save_sheet
    from impasto.cli.painting import download_weights
    from impasto.cli.progress import counting
    from impasto.fast.tuned import is_network
    from impasto.gallery.names import find_style
    from impasto.settings import Settings

    settings = Settings.from_dict(options)
    if not styles and not settings.row.one_style:
        raise SettingsError("give style pictures: --styles FILE or FOLDER")
    if styles and settings.row.one_style:
        raise SettingsError(f"{settings.method} knows one style: leave --styles out")
    sources = find_pictures(contents, output)
    named = {str(find_style(style)): style for style in styles or []}
    looks = find_pictures(named)
    for network in filter(is_network, looks):
        raise SettingsError(f"{network} is no picture: --method {network} paints with it")
    pairs = make_pairs(sources, looks, f".{form.lstrip('.')}", Path(settings.method).stem)
    download_weights(settings, quiet, lambda: None)
    used = [_used(look, named.get(str(look)), settings) for look in looks]
    outcomes = []
    try:
        with counting(len(pairs), quiet) as count:
            for outcome in paint_pairs(pairs, used, settings, output, workers=workers, fresh=fresh):
                outcomes.append(outcome)
                count()
        _report(outcomes)
        results = {(o.pair.content, o.pair.style): o.path for o in outcomes if o.path is not None}
        for save, name in ((save_sheet, SHEET), (save_page, PAGE)):
            print(save(sources, looks, results, output / name))
    except KeyboardInterrupt:
        # Those under way were finished after the last outcome that was seen.
        made = sum((output / pair.name).is_file() for pair in pairs)
        there = f"{made} of {len(pairs)} are there"
        print(f"stopped: {there}; the same command goes on", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    failed = len(outcomes) - len(results)
    if failed:
        raise ImageError(f"{failed} of {len(outcomes)} pictures failed: see above")


def _used(picture: Path, given: str | None, settings: "Settings") -> Path:
    """Return what is painted with: the picture, or a network that is tuned to the style named.

    What is to be tuned is tuned now, before another bar is shown.
    """
    from impasto.fast.tuned import find_styles, is_network, network_settings
    from impasto.gallery.names import gallery_name

    if settings.tune:
        network_settings([picture], settings)
    if given is None or gallery_name(given) is None:
        return picture
    (look,) = find_styles(given, settings)
    return Path(str(look)) if is_network(look) else picture


def _report(outcomes: list[Any]) -> None:
    failed = [each for each in outcomes if each.error is not None]
    again = sum(each.again for each in outcomes)
    made = len(outcomes) - len(failed) - again
    kept = f", {again} were there already" if again else ""
    print(f"{made} painted{kept}, {len(failed)} failed", file=sys.stderr)
    for each in failed:
        print(f"  {each.pair.name}: {each.error}", file=sys.stderr)
