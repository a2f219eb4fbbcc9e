"""`impasto recipe` and `impasto reproduce`: how a picture was made, and making it again."""

import json
import shlex
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from impasto.cli.options import Force, Quiet, argument, flag, interruptible, own, say
from impasto.cli.terminal import echo


def recipe(
    picture: Path = argument(..., "A picture or video made by impasto, or a .json recipe."),
    *,
    as_json: bool = own(False, "The whole recipe as JSON, for --recipe.", "--json"),
) -> None:
    """Print how a picture or a video was made."""
    from impasto.images import read_recipe
    from impasto.video.encoding import USUAL

    if picture.suffix.lower() in USUAL:
        from impasto.video.mux import video_recipe

        found = video_recipe(picture)
    else:
        found = read_recipe(picture)
    if as_json:
        echo(*json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False).split("\n"))
        return
    echo(*_lines(found))


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
    content, styles, video = recipe.get("content", {}), recipe.get("styles", []), "video" in recipe
    words = ["impasto", "video" if video else "stylize"]
    words += [recipe.get("clip", "?") if video else content.get("name", "?")]
    words += [style.get("name", "?") for style in styles]
    words += [*_changed_of_video(recipe["video"])] if video else []
    words += _changed(recipe.get("settings", {}))
    inputs = [] if video else [("content", content)]
    inputs += [("style", style) for style in styles]
    inputs += [("init", recipe["init"])] if recipe.get("init") else []
    inputs += [("weights", file) for file in recipe.get("weights", [])]
    lines = [f"{role:8} {i.get('name')}  sha256 {i.get('sha256')}" for role, i in inputs]
    names = ("impasto", "torch", "device", "precision", "threads", "runtime")
    made = [f"{name} {recipe[name]}" for name in names if name in recipe]
    return [shlex.join(words), "", *lines, f"{'made by':8} {', '.join(made)}"]


def _changed_of_video(video: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of a video that differ from the defaults; its size is in the settings."""
    from impasto.video.options import VideoSettings

    for name, value in video.items():
        if name == "size" or value == getattr(VideoSettings, name, None):
            continue
        if name == "compare":
            yield flag(value)
        elif value is False:
            yield f"--no-{name}"
        else:
            yield from (flag(name), "?" if name == "keyframes" else str(value))


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
