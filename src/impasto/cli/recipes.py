"""`impasto settings`, `recipe` and `reproduce`: what a picture can be, and was, made with."""

import json
import shlex
import shutil
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.cli.options import Force, Quiet, argument, flag, interruptible, one_of, own
from impasto.cli.terminal import echo, say
from impasto.errors import RecipeError
from impasto.settings import FIELDS, TYPES
from impasto.settings.choices import REST
from impasto.settings.declaration import check_known
from impasto.settings.methods import METHODS

_KINDS = {int: "whole number", float: "number", str: "word", bool: "yes or no"}
_TYPED = [each.replace("_", "-") for each in FIELDS]
_LISTS = {float: "numbers", int: "whole numbers", str: "names"}

#: What the command of a video calls the file of its keyframes.
_KEYFRAMES = "keyframes.json"
_PICTURES = ("init", "keep", "fine_style")


def recipe(
    picture: Path = argument(..., "A picture or video made by impasto, or a .json recipe."),
    *,
    as_json: bool = own(False, "The whole recipe as JSON, for --recipe.", "--json"),
) -> None:
    """Print how a picture or a video was made."""
    from impasto.video.writers import recipe_in

    found = recipe_in(picture)
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
    output: str | None = own(None, "Where to save. \\[PICTURE-again]"),
    look_in: list[Path] | None = own(None, "A folder with content and styles.", metavar="FOLDER"),
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
    from impasto.recipes import option_words, typed_name

    content, styles, video = recipe.get("content", {}), recipe.get("styles", []), "video" in recipe
    settings = _typed(recipe)
    plain, masked = list(map(typed_name, styles)), list[str]()
    masks = settings.get("masks") or []
    if any("," in mask or mask != mask.strip() for mask in masks):  # no list of names can say them
        plain, masked = _with_masks(settings, plain)
    subject = {"name": recipe.get("clip", "?")} if video else content or {"name": "?"}
    words = ["impasto", "video" if video else "stylize", typed_name({"sha256": "", **subject})]
    words += [*plain, *masked, *(_of_video(recipe["video"]) if video else [])]
    # A video is painted by method fast and at its own size where nothing is said.
    words += option_words(settings, always=("method", "size") if video else ())
    inputs = [] if video else [("content", content)]
    inputs += [("style", style) for style in styles]
    inputs += [(role, recipe[role]) for role in _PICTURES if recipe.get(role)]
    inputs += [("mask", mask) for mask in recipe.get("masks", [])]
    inputs += [("weights", file) for file in recipe.get("weights", [])]
    lines = [f"{role:8} {i.get('name')}  sha256 {i.get('sha256')}" for role, i in inputs]
    names = ("impasto", "torch", "device", "precision", "threads", "runtime")
    made = [f"{name} {recipe[name]}" for name in names if name in recipe]
    if video and recipe["video"].get("keyframes"):
        moments = [
            {"time": time, name: value}
            for name in ("strength", "style_weights")
            for time, value in recipe["video"]["keyframes"].get(name, ())
        ]
        lines.append(f"save as {_KEYFRAMES}: {json.dumps(moments)}")
    return [shlex.join(words), "", *lines, f"{'made by':8} {', '.join(made)}"]


def _typed(recipe: Mapping[str, Any]) -> dict[str, Any]:
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


def _of_video(video: Mapping[str, Any]) -> list[str]:
    """Return the options of a video that differ from the defaults."""
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
    return words


def settings(
    name: str | None = argument(None, "One of them, in full.", autocompletion=one_of(*_TYPED)),
) -> None:
    """List all settings, which are options of stylize, video, batch and others, or show one.

    On the command line a setting is --like-this, in Python and in recipes like_this.

    Example: impasto settings style-loss
    """
    if name is not None:
        _print_one(name.lstrip("-").replace("-", "_"))
        return
    columns, width = shutil.get_terminal_size().columns, max(map(len, map(flag, FIELDS)))
    indent = " " * (width + 4)
    for group in dict.fromkeys(each.metadata["group"] for each in FIELDS.values()):
        echo(f"{group}:")
        for each in FIELDS.values():
            if each.metadata["group"] == group:
                text = f"{each.metadata['help']} [{default_of(each.name)}]"
                begin = f"  {flag(each.name):<{width}}  "
                echo(*textwrap.wrap(text, columns, initial_indent=begin, subsequent_indent=indent))


def _print_one(name: str) -> None:
    check_known(name, FIELDS)
    rules = FIELDS[name].metadata
    echo(f"{flag(name)}: {rules['help']}")
    echo(f"  takes     {values_of(name)}")
    echo(f"  default   {default_of(name)}")
    echo(f"  Python    {name}")
    used = [each for each, row in METHODS.items() if row.takes(name, rules["group"])]
    echo(f"  methods   {', '.join(used)}")


def values_of(name: str, quote: str = "") -> str:
    """Return the values that a setting takes, in words; quotes surround what is to be typed."""
    rules = FIELDS[name].metadata
    if "choices" in rules:
        files = [f"a {quote}{each}{quote} file" for each in rules.get("files", ())]
        return ", ".join([*(f"{quote}{each}{quote}" for each in rules["choices"]), *files])
    if "items" in rules:
        return f"a list of {_LISTS[rules['items']]}"
    least, most, above = (rules.get(each) for each in ("least", "most", "above"))
    most = None if most == 2**63 - 1 else most
    limits = [f"above {above:g}"] if above is not None else []
    limits += [f"{least:g} to {most:g}"] if least is not None and most is not None else []
    limits += [f"at least {least:g}"] if least is not None and most is None else []
    limits += [f"{quote}{word}{quote}" for word in rules.get("words", ())]
    return ", ".join([_KINDS[TYPES[name]], *limits])


def default_of(name: str, quote: str = "") -> str:
    """Return a setting's default in words; `quote` as in `values_of`."""
    each = FIELDS[name]
    if "shown" in each.metadata:
        return str(each.metadata["shown"])
    if isinstance(each.default, bool):
        return "yes" if each.default else "no"
    many = each.default if isinstance(each.default, tuple) else (each.default,)
    return ", ".join(f"{quote}{value}{quote}" for value in many)
