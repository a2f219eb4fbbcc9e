"""Make a picture again from the recipe inside it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from impasto.api import make_stylizer
from impasto.errors import RecipeError, SettingsError
from impasto.images import Picture, identify, read_recipe
from impasto.settings import Settings

#: Pictures looked at in a folder before the search gives up.
MOST_FILES = 20_000


class Ingredients(NamedTuple):
    """The files and settings that a recipe calls for, found again."""

    content: Path
    styles: list[Path]
    settings: Settings


def reproduce(picture: str | Path, folders: Sequence[str | Path] = ()) -> Picture:
    """Make a picture again: the same bytes on the same machine and version.

    Args:
        picture: A picture made by impasto, or a recipe saved as JSON.
        folders: Where to look for the content and the styles, before the picture's own folder and
            the current one. They are found by name, subfolders included, and known by SHA-256.

    Raises:
        RecipeError: There is no recipe, or a file it names is not found or has changed.
    """
    recipe = read_recipe(picture)
    found = gather(recipe, [*folders, Path(picture).parent, Path.cwd()])
    return make_stylizer(list(found.styles), found.settings)(found.content)


def recipe_settings(recipe: Mapping[str, Any]) -> Settings:
    """Return the settings of a recipe.

    Raises:
        RecipeError: They are missing or not of this version.
    """
    try:
        return Settings.from_dict(recipe["settings"])
    except (KeyError, TypeError) as error:
        raise RecipeError("this recipe has no settings in it") from error
    except SettingsError as error:
        made_by = recipe.get("impasto", "an unknown version")
        raise RecipeError(f"the recipe of impasto {made_by} does not fit: {error}") from error


def gather(recipe: Mapping[str, Any], folders: Iterable[str | Path]) -> Ingredients:
    """Find the files that a recipe names.

    Raises:
        RecipeError: One is not found, or its content has changed.
    """
    settings = recipe_settings(recipe)
    places = [Path(folder) for folder in folders]
    try:
        content = _find(recipe["content"], places)
        styles = [_find(style, places) for style in recipe["styles"]]
        if "init" in recipe:
            settings = settings.updated(init=str(_find(recipe["init"], places)))
    except (KeyError, TypeError) as error:
        raise RecipeError("this recipe does not say which pictures it was made of") from error
    return Ingredients(content, styles, settings)


def differences(recipe: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Return in words what differs between a recipe's machine and the one that made `here`."""
    names = ("impasto", "torch", "device", "threads", "precision", "weights")
    return [
        f"{name}: {recipe.get(name)} then, {here.get(name)} now"
        for name in names
        if recipe.get(name) != here.get(name)
    ]


def _find(wanted: Mapping[str, str], folders: Iterable[Path]) -> Path:
    name, sha256 = Path(wanted["name"]).name, wanted["sha256"]
    changed = None
    for folder in dict.fromkeys(folders):
        for path in [folder / name, *_deeper(folder, name)]:
            if path.is_file():
                if identify(path).sha256 == sha256:
                    return path
                changed = path
    if changed is not None:
        raise RecipeError(f"{changed} is not the picture of the recipe: its content has changed")
    raise RecipeError(f"{name} is not here: name the folder it is in with --look-in FOLDER")


def _deeper(folder: Path, name: str) -> Iterable[Path]:
    for count, path in enumerate(folder.rglob("*")):
        if count > MOST_FILES:
            return
        if path.name == name:
            yield path
