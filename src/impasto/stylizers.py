"""Where applications get stylizers: the one that a method names, and the one-liner."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from impasto import images
from impasto.files import sha256_of
from impasto.images import Picture, Source, Sources
from impasto.recipes import differences, gather
from impasto.runs import Stylizer
from impasto.settings import Settings
from impasto.settings.declaration import load
from impasto.settings.encoders import ENCODERS
from impasto.settings.methods import method_of
from impasto.settings.runtimes import runtime_for_many_sizes
from impasto.settings.typed import Options
from impasto.weights import fetch, find
from impasto.weights.folders import expanded

if TYPE_CHECKING:
    from typing_extensions import Unpack


def stylizer(
    style: Sources = (), settings: Settings | None = None, **options: Unpack[Options]
) -> Stylizer:
    """Build the stylizer that `settings.method` names.

    Args:
        style: One style picture or several: path, name, bytes, PIL image, array, tensor or
            `Picture`; none where the method is the file of a network that knows one style.
        settings: All options at once, or None for the defaults.
        **options: Single options, by the names of `Settings`.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: A style picture that cannot be read.
        WeightsError: Trained weights that cannot be had.

    Examples:
        >>> stylizer("mosaic", method="fast").settings.method
        'fast'
    """
    settings = (settings or Settings()).updated(**options)
    made: Stylizer = load(method_of(settings.method).factory)(images.source_list(style), settings)
    return made


def stylize(
    content: Source,
    style: Sources = (),
    settings: Settings | None = None,
    **options: Unpack[Options],
) -> Picture:
    """Paint a content picture in the style of one picture or several.

    Args:
        content: Path, bytes, PIL image, array (H, W[, 3|4]; uint8, uint16, or float in [0, 1]),
            torch tensor ((C, H, W) or (1, C, H, W); uint8 or float in [0, 1]) or `Picture`.
        style: One such style picture, or a list of them; none where the method is the file of a
            network that knows one style.
        settings: All options at once, or None for the defaults.
        **options: Single options, by the names of `Settings`.

    Returns:
        The stylized picture, with the recipe that makes it again.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: A picture that cannot be read, or is too small.
        WeightsError: Trained weights that cannot be had.

    Examples:
        >>> picture = impasto.stylize("harbour.jpg", "starry_night.jpg", size=64, steps=3)
        >>> picture
        <Picture 'harbour' 64x43, 8 bit>
        >>> path = picture.save("out.jpg")
    """
    source = images.read_source(content)
    settings = images.with_content_size((settings or Settings()).updated(**options), source)
    return stylizer(style, settings)(source)


def reproduce(picture: str | Path, folders: Sequence[str | Path] = ()) -> Picture:
    """Make a picture again: the same bytes on the same machine (CPU) and version.

    Args:
        picture: A picture made by impasto, or a recipe saved as JSON.
        folders: Where to look for the content and the styles, before the picture's own folder and
            the current one, subfolders included: by name, then by content.

    Returns:
        The picture. If it was made with another version, machine or file of weights, a
        `UserWarning` says so: it will differ a little then.

    Raises:
        RecipeError: There is no recipe, or a file it names is not found or has changed.
    """
    recipe = images.read_recipe(picture)
    content, styles, settings = gather(recipe, [*folders, Path(picture).parent, Path.cwd()])
    result = stylizer(styles, settings)(content)
    for line in differences(recipe, result.recipe or {}):
        warnings.warn(f"not the same bytes: {line}", stacklevel=2)
    return result


def needed_weights(settings: Settings) -> list[str]:
    """Return the names in the catalogue of the trained files that painting takes."""
    row = method_of(settings.method)
    names: list[str] = []
    if row.steps or settings.weights is None:
        names += row.needed(lambda name: find(name) is not None)
    if row.steps and settings.weights is None:
        names += [ENCODERS[name].file for name in settings.encoders if ENCODERS[name].file]
    return names


def files_of(settings: Settings) -> list[str]:
    """Return the SHA-256 of all files that painting takes, beside contents and styles.

    Trained weights that are not on this machine are downloaded, as painting would.
    """
    named = [settings.weights, settings.method if settings.method_row.one_style else None]
    found = map(fetch, needed_weights(settings))
    paths = [expanded(name) for name in (*named, *settings.pictures, *found) if name is not None]
    return [sha256_of(path) for path in paths if path.is_file()]


def for_many_sizes(settings: Settings) -> Settings:
    """Return the settings without a runtime that would compile for the size of every content."""
    if settings.method_row.many_sizes or settings.runtime != "auto":
        return settings
    return settings.updated(runtime=runtime_for_many_sizes())
