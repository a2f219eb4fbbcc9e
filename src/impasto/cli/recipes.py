"""`impasto recipe` and `impasto reproduce`: how a picture was made, and making it again."""

import json
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.cli.options import Force, Quiet, argument, flag, interruptible, own, say
from impasto.cli.terminal import echo
from impasto.errors import RecipeError
from impasto.settings.choices import REST

#: What the command of a video calls the file of its keyframes.
_KEYFRAMES = "keyframes.json"


def recipe(
    picture: Path = argument(..., "A picture or video made by impasto, or a .json recipe."),
    *,
    as_json: bool = own(False, "The whole recipe as JSON, for --recipe.", "--json"),
) -> None:
    """Print how a picture or a video was made."""
    from impasto.images import read_recipe
    from impasto.video.encoding import USUAL

    if picture.suffix.lower() in USUAL:
        from impasto.video.writers import video_recipe

        found = video_recipe(picture)
    else:
        found = read_recipe(picture)
    if as_json:
        echo(*json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False).split("\n"))
        return
    try:
        lines = _lines(found)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise RecipeError(f"the recipe in {picture} is damaged: see it with --json") from error
    echo(*lines)


@interruptible
def reproduce(
    picture: Path = argument(..., "A picture made by impasto, or a .json recipe."),
    *,
    output: str | None = own(None, "Where to save. \\[PICTURE-again]", "--output", "-o"),
    look_in: list[Path] | None = own(
        None, "A folder with the content and the styles.", metavar="FOLDER"
    ),
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Make a picture again: the same bytes on the same machine and version."""
    started = time.monotonic()
    from impasto.cli.inputs import job_of_recipe
    from impasto.cli.outputs import Outputs
    from impasto.cli.painting import paint
    from impasto.recipes import differences

    job, found = job_of_recipe(picture, look_in or [], output)
    outputs = Outputs(job.output, [picture, *job.protected], force=force)
    again = paint(job, outputs, quiet=quiet, started=started)
    for line in differences(found, (again and again.recipe) or {}):
        say(f"not the same machine or version, so not the same bytes: {line}")


def _lines(recipe: Mapping[str, Any]) -> list[str]:
    """Return the recipe in words: the command that makes it, its inputs, and with what."""
    from impasto.recipes import typed_name

    content, styles, video = recipe.get("content", {}), recipe.get("styles", []), "video" in recipe
    settings = _typed(recipe)
    plain, masked = list(map(typed_name, styles)), list[str]()
    masks = settings.get("masks") or []
    if any("," in mask or mask != mask.strip() for mask in masks):  # no list of names can say them
        plain, masked = _with_masks(settings, plain)
    words = ["impasto", "video" if video else "stylize"]
    subject = {"name": recipe.get("clip", "?")} if video else content or {"name": "?"}
    words.append(typed_name({"sha256": "", **subject}))
    words += [*plain, *masked]
    words += _changed_of_video(recipe["video"], settings) if video else _changed(settings)
    inputs = [] if video else [("content", content)]
    inputs += [("style", style) for style in styles]
    inputs += [(role, recipe[role]) for role in ("init", "keep") if recipe.get(role)]
    inputs += [("mask", mask) for mask in recipe.get("masks", [])]
    inputs += [("weights", file) for file in recipe.get("weights", [])]
    lines = [f"{role:8} {i.get('name')}  sha256 {i.get('sha256')}" for role, i in inputs]
    names = ("impasto", "torch", "device", "precision", "threads", "runtime")
    made = [f"{name} {recipe[name]}" for name in names if name in recipe]
    if video and recipe["video"].get("keyframes"):
        moments = json.dumps(_moments(recipe["video"]["keyframes"]))
        lines.append(f"save as {_KEYFRAMES}: {moments}")
    return [shlex.join(words), "", *lines, f"{'made by':8} {', '.join(made)}"]


def _typed(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings, files of pictures as they are typed."""
    from impasto.recipes import typed_name

    settings = dict(recipe.get("settings", {}))
    for role in ("init", "keep", "fine_style"):
        if role in recipe:
            settings[role] = typed_name(recipe[role])
    for role in ("weights", "method"):
        if str(settings.get(role)).startswith("-"):
            settings[role] = f"./{settings[role]}"
    return settings


def _with_masks(settings: dict[str, Any], styles: list[str]) -> tuple[list[str], list[str]]:
    """Take the masks out of settings; return styles that have none, and the masks of the others.

    Those come last then, their weights too.
    """
    masks, weights = settings.pop("masks"), settings.get("style_weights")
    order = sorted(range(len(masks)), key=lambda number: masks[number] != REST)
    if weights:
        settings["style_weights"] = [weights[number] for number in order]
    plain = [styles[number] for number in order if masks[number] == REST]
    pairs = [f"{masks[n]}={styles[n]}" for n in order if masks[n] != REST]
    return plain, [word for pair in pairs for word in ("--mask", pair)]


def _changed_of_video(video: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Return the options of a video and its settings that differ from the defaults."""
    from impasto.video.options import VideoSettings

    words: list[str] = []
    for name, value in video.items():
        if name == "size" or value == getattr(VideoSettings, name, None):
            continue
        if name == "compare":
            words.append(flag(value))
        elif value is False:
            words.append(f"--no-{name}")
        else:
            words += [flag(name), _KEYFRAMES if name == "keyframes" else str(value)]
    # A video is painted by method fast and at its own size where nothing is said.
    always = [word for name in ("method", "size") for word in (flag(name), str(settings[name]))]
    others = {name: value for name, value in settings.items() if name not in ("method", "size")}
    return [*words, *always, *_changed(others)]


def _moments(keyframes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return keyframes as they stand in a file."""
    return [
        {"time": time, name: value}
        for name in ("strength", "style_weights")
        for time, value in keyframes.get(name, ())
    ]


def _changed(settings: Mapping[str, Any]) -> list[str]:
    """Return the options that differ from the defaults, as they would be typed."""
    from impasto.settings import Settings

    words = []
    defaults = Settings().to_dict()
    for name, value in settings.items():
        if value == defaults.get(name):
            continue
        if value is True:
            words.append(flag(name))
        elif isinstance(value, list):
            words += [flag(name), ",".join(map(str, value))]
        else:
            words += [flag(name), str(value)]
    return words
