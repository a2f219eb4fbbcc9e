"""Recipes: what an output says about itself, written and compared, and its inputs found again.

How a recipe is kept inside a file is in `impasto.images.recipe`.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, RecipeError, SettingsError
from impasto.files import sha256_of
from impasto.gallery import catalogue
from impasto.gallery.catalogue import DRAWINGS, PAINTINGS
from impasto.gallery.names import PREFIX, find_style, own_styles
from impasto.images import Identity, Source, identify, is_picture_name
from impasto.settings import Settings
from impasto.settings.choices import FACES, MASK_WORDS, STARTS
from impasto.version import __version__
from impasto.weights.folders import expanded

Recipe = Mapping[str, Any]
#: Files whose names are looked at in a folder and below it, and pictures whose content is.
MOST_NAMES, MOST_PICTURES = 200_000, 2_000
#: Settings that a run decides about where they are not given.
_DECIDED = ("steps", "precision", "runtime", "device")


def make_recipe(
    settings: Settings,
    inputs: Mapping[str, Identity | Sequence[Identity] | None],
    **machine: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Return the recipe of an output: how to make it again, without folders.

    In the settings nothing is left to find out. Inputs are by role: `content`, `styles`, `masks`,
    or a setting that names one. The machine decides about the last digits: `weights`, `device` …
    """
    recipe: dict[str, Any] = {"impasto": __version__, **machine, "settings": settings.to_dict()}
    for role, identity in inputs.items():
        if isinstance(identity, Identity):
            recipe[role] = identity._asdict()
            if role in recipe["settings"]:
                recipe["settings"][role] = identity.name
        elif identity or role == "styles":
            recipe[role] = [each._asdict() for each in identity or ()]
    for name in ("weights", "method"):
        if recipe["settings"][name] is not None:
            recipe["settings"][name] = Path(recipe["settings"][name]).name
    if inputs.get("masks"):
        names, masks = iter(each["name"] for each in recipe["masks"]), settings.masks or ()
        recipe["settings"]["masks"] = [m if m in MASK_WORDS else next(names) for m in masks]
    return recipe


def recipe_settings(recipe: Mapping[str, Any]) -> Settings:
    """Return the settings of a recipe, or raise RecipeError: of another version, or none."""
    try:
        return Settings.from_dict(recipe["settings"])
    except (KeyError, TypeError) as error:
        raise RecipeError("this recipe has no settings in it") from error
    except SettingsError as error:
        made_by = recipe.get("impasto", "an unknown version")
        raise RecipeError(f"the recipe of impasto {made_by} does not fit: {error}") from error


def gather(recipe: Recipe, folders: Iterable[str | Path]) -> tuple[Path, list[Source], Settings]:
    """Find the content, the styles and the settings that a recipe calls for."""
    settings = recipe_settings(recipe)
    places = [Path(folder) for folder in folders]
    content, styles = find_input(recipe, "content", places), find_input(recipe, "styles", places)
    return content[0], [*styles], settings.updated(**files_in_settings(recipe, settings, places))


def files_in_settings(
    recipe: Recipe, settings: Settings, folders: Sequence[Path], without: Collection[str] = ()
) -> dict[str, Any]:
    """Return the settings of a recipe that name files (masks, weights …), the files found again.

    Settings in `without` are of no interest. A file that is not found, has changed, or has no hash
    in the recipe is a `RecipeError`.
    """
    names = settings.masks or ()
    pictures = {
        "init": settings.init not in STARTS,
        "keep": settings.keep not in (None, FACES),
        "fine_style": settings.fine_style is not None,
        "masks": any(name not in MASK_WORDS for name in names),
    }
    for role, named in pictures.items():
        if named and role not in recipe and role not in without:
            raise RecipeError(f"this recipe does not say which picture its {role} is: leave it out")
    roles = [role for role in pictures if role in recipe]
    roles += ["weights"] if settings.weights is not None else []
    roles += ["method"] if settings.method_row.one_style else []
    found: dict[str, Any] = {}
    for role in roles:
        if role not in without:
            files = map(str, find_input(recipe, role, folders))
            if role == "masks":
                found[role] = [name if name in MASK_WORDS else next(files) for name in names]
            else:
                found[role] = next(files)
    return found


def find_input(recipe: Mapping[str, Any], role: str, folders: Iterable[Path]) -> list[Path]:
    """Find the files of one role: `content`, `styles`, `masks`, `init`, `weights` and others."""
    places = list(dict.fromkeys(folder.resolve() for folder in folders))
    try:
        if role in ("weights", "method"):  # a file of one's own: others come with the package
            chosen = recipe["settings"][role]
            among = [each for each in recipe["weights"] if each["name"] == chosen]
            entries = among or [{"name": chosen}]
        else:
            entries = recipe[role] if role in ("styles", "masks") else [recipe[role]]
        wanted = [(Path(entry["name"]).name, str(entry["sha256"])) for entry in entries]
    except (KeyError, TypeError) as error:
        raise RecipeError(f"this recipe does not say what its {role} was") from error
    return [_of_gallery(name, sha256) or _found(name, sha256, places) for name, sha256 in wanted]


def typed_name(entry: Mapping[str, Any]) -> str:
    """Return what to type for a picture of a recipe: the name of a style, or that of its file."""
    name = Path(entry["name"]).name
    stem, own = Path(name).stem, own_styles()
    path = _of_gallery(name, str(entry["sha256"]))
    if path is None and stem in PAINTINGS and name == catalogue.painting_path(stem).name:
        path = None if Path(name).exists() else catalogue.painting_path(stem)  # to be downloaded
    if path is None:
        known = {"stdin": "-", "bytes": "-", "pixels": "-"}
        return known.get(name) or (f"./{name}" if name.startswith("-") else name)
    return stem if own.get(stem, path) == path else f"{PREFIX}{stem}"


def option_words(settings: Mapping[str, Any], always: Collection[str] = ()) -> list[str]:
    """Return what to type for settings: those that are said always, and no defaults."""
    words, defaults = list[str](), Settings().to_dict()
    for name in (*always, *(name for name in settings if name not in always)):
        value = settings[name]
        if name in always or value != defaults.get(name):
            listed = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [listed])]
    return words


def differences(recipe: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Return in words what differs between a recipe's machine and the one that made `here`."""
    names = ("impasto", "torch", "device", "threads", "precision", "runtime", "weights", "tiles")
    pairs = [(name, recipe.get(name), here.get(name)) for name in names]
    return [f"{name}: {then} then, {now} now" for name, then, now in pairs if then != now]


def picture_files(settings: Settings) -> list[Source]:
    """Return the files of the pictures that settings name; a fine style may have a name."""
    return [find_style(each) if each == settings.fine_style else each for each in settings.pictures]


def is_recipe_of(
    recipe: Mapping[str, Any], settings: Settings, content: Source, styles: Sequence[Source]
) -> bool:
    """Tell whether a picture with this recipe is what a run would end with."""
    made, asked = recipe.get("settings"), settings.to_dict()
    if not isinstance(made, dict):
        return False
    free = [name for name in _DECIDED if asked[name] in (None, "auto")]
    same = [name for name in asked if name not in (*free, "time", "weights", "fine_style")]
    if made.get("steps") and asked["steps"] is not None:
        total = sum(made["steps"])
        if len(asked["steps"]) == 1:
            made = made | {"steps": [total]}
        if asked["stop_after"] is not None and asked["stop_after"] >= total:
            asked["stop_after"] = None
    if settings.weights is not None:
        files = [each.get("sha256") for each in recipe.get("weights", ())]
        if sha256_of(expanded(settings.weights)) not in files:
            return False
    used = [recipe.get("content"), *recipe.get("styles", ()), *recipe.get("masks", ())]
    used += [recipe[name] for name in ("init", "keep", "fine_style") if name in recipe]
    given = [identify(source).sha256 for source in (content, *styles, *picture_files(settings))]
    return all(_base_names(made.get(name)) == _base_names(asked[name]) for name in same) and (
        sorted(given) == sorted(each["sha256"] for each in used if each)
    )


def _base_names(value: Any) -> Any:  # noqa: ANN401
    """Return the value of a setting as recipes have it: files without their folders."""
    if isinstance(value, list):
        return [_base_names(each) for each in value]
    return Path(value).name if isinstance(value, str) else value


def _of_gallery(name: str, sha256: str) -> Path | None:
    stem = Path(name).stem
    drawing, painting = catalogue.drawing_path(stem), catalogue.painting_path(stem)
    named = (drawing, own_styles().get(stem), painting)
    return next((path for path in named if path is not None and _is(path, sha256)), None)


def _found(name: str, sha256: str, folders: Sequence[Path]) -> Path:
    """Find a file in folders, or else download it if it is a painting of the gallery."""
    try:
        return _find(name, sha256, folders)
    except RecipeError as error:
        stem = Path(name).stem
        if stem in PAINTINGS and name == catalogue.painting_path(stem).name:
            with suppress(ImageError):
                path = catalogue.fetch_painting(stem)
                if _is(path, sha256):
                    return path
        if stem in DRAWINGS and name in (f"{stem}.png", catalogue.drawing_path(stem).name):
            raise RecipeError(
                f"{error}; if it is the style {stem} of another version of impasto, paint in that "
                f"of this one: impasto stylize CONTENT {stem} --recipe FILE"
            ) from error
        raise


def _find(name: str, sha256: str, folders: Sequence[Path]) -> Path:
    """Find a file by its name, or else a picture of any name by its content."""
    changed = None
    for path in (p for folder in folders for p in _named(folder, name)):
        if _is(path, sha256):
            return path
        changed = path
    for folder in folders:
        for path in islice(filter(is_picture_name, _files(folder)), MOST_PICTURES):
            if _is(path, sha256):
                return path
    if changed is not None:
        raise RecipeError(f"{changed} is not the picture of the recipe: its content has changed")
    raise RecipeError(f"{name} is not here: name the folder it is in with --look-in FOLDER")


def _named(folder: Path, name: str) -> Iterator[Path]:
    with suppress(OSError, ValueError):  # of a name that no file can have
        if name not in ("", "..") and (folder / name).is_file():
            yield folder / name
    yield from (path for path in _files(folder) if path.name == name)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and below it, hidden folders left out, in a fixed order."""
    left = MOST_NAMES
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield from (Path(place) / name for name in sorted(names)[:left])
        left -= len(names)
        if left <= 0:
            return


def _is(path: Path, sha256: str) -> bool:
    try:
        return path.is_file() and identify(path).sha256 == sha256
    except (ImageError, OSError, ValueError):  # of a name that no file can have
        return False
