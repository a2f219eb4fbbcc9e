"""What a command works on: pictures named, drawn from folders or found by a recipe."""

import os.path
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from impasto.cli.terminal import say
from impasto.errors import ImageError, SettingsError
from impasto.fast.tuned import is_network
from impasto.files import output_path
from impasto.gallery.names import read_styles
from impasto.images import Picture, Source, is_picture_name, open_picture, output_name, read_recipe
from impasto.images.decoding import head_of
from impasto.images.opening import read_source, with_content_size
from impasto.recipes import files_in_settings, find_input, gather, recipe_settings
from impasto.settings import Settings
from impasto.settings.choices import REST

#: Options that change which octaves there are, or their steps: a recipe's own steps do not apply.
_RESHAPING = frozenset({"size", "min_size", "steps", "time", "method", "quality", "encoder"})
#: Those with which a recipe's own file of weights has nothing to do any more, and those with which
#: what ran its network has not.
_REARMING = frozenset({"weights", "method", "quality", "encoder"})
_OTHER_METHOD = frozenset({"method", "quality"})


@dataclass(frozen=True)
class Job:
    """One picture to be made; what came through a pipe is read, and output None is one."""

    content: Source
    styles: list[Source]
    settings: Settings
    output: Path | None

    @property
    def protected(self) -> list[str | Path]:
        """The input files, which no output may replace."""
        named = [self.content, *self.styles, *self.settings.pictures]
        return [source for source in named if isinstance(source, str | Path)]

    def check_pictures(self) -> None:
        """Raise at once what opening the pictures would raise after a long download."""
        for source in (self.content, *self.styles):
            if not self.settings.method_row.tunes or not is_network(source):
                open_picture(source, max_size=64)


def gather_job(
    content: str | None,
    styles: Sequence[str],
    output: str | None,
    recipe: Path | None,
    random: Sequence[Path],
    look_in: Sequence[Path],
    options: dict[str, Any],
    masks: Sequence[str] = (),
) -> Job:
    """Find out what to make of what, and that it can be saved, before any work."""
    if masks:
        styles, options = with_masks(styles, masks, options)
    settings = Settings.from_dict(options)
    chosen: list[Source] = list(styles)
    if recipe is not None:
        content, chosen, settings = _from_recipe(recipe, content, chosen, look_in, options)
    if random:
        content, chosen = _at_random(random, content, chosen, settings)
    if content is None or not (chosen or settings.method_row.one_style):
        missing = "content and a style picture" if content is None else "style picture"
        raise SettingsError(f"give a {missing}: impasto stylize CONTENT STYLE")
    painted = read_source(content)
    say_animations([painted])
    settings, chosen = with_content_size(settings, painted), read_styles(chosen)
    for folder in (s for s in chosen if isinstance(s, str | Path) and Path(s).is_dir()):
        raise ImageError(f"{folder} is a folder: name one file in it; impasto batch takes folders")
    names = [Path(_name(style)).stem if is_network(style) else _name(style) for style in chosen]
    name = output_name(_name(painted), names or [Path(settings.method).stem])
    return Job(painted, chosen, settings, _target(output, f"{name}.png", settings))


def say_animations(contents: Iterable[Source]) -> None:
    """Say of which contents, being animations, one picture is painted."""
    moving = [_name(each) for each in contents if (head_of(each) or (0, False))[1]]
    if moving:
        more = f" and {len(moving) - 1} more" if len(moving) > 1 else ""
        say(f"{moving[0]}{more}: an animation's first frame is painted; impasto video paints all")


def job_of_recipe(
    path: Path, look_in: Sequence[Path], output: str | None
) -> tuple[Job, dict[str, Any]]:
    """Return the job that makes a picture again, and its recipe."""
    recipe = read_recipe(path)
    content, styles, settings = gather(recipe, [*look_in, path.parent, Path.cwd()])
    suffix = ".png" if path.suffix.lower() == ".json" else path.suffix
    target = _target(output, f"{path.stem}-again{suffix}", settings)
    return Job(content, styles, settings, target), recipe


def _from_recipe(
    path: Path,
    content: str | None,
    styles: list[Source],
    look_in: Sequence[Path],
    options: dict[str, Any],
) -> tuple[str, list[Source], Settings]:
    """Take from a recipe what was not given; look for its pictures only as far as needed."""
    recipe = read_recipe(path)
    settings = recipe_settings(recipe)
    places = [*look_in, path.parent, Path.cwd()]
    if content is None:
        content = str(find_input(recipe, "content", places)[0])
    else:
        # What belongs to the old picture: where its run ended, and its camera's data.
        settings = settings.updated(stop_after=None, keep_exif=False, keep_gps=False)
    method = Settings(**{name: options[name] for name in ("method", "quality") if name in options})
    if not styles and not method.method_row.one_style:
        styles = [str(style) for style in find_input(recipe, "styles", places)]
    kept = settings.updated(weights=None) if _REARMING & options.keys() else settings
    kept = kept.updated(runtime="auto") if _OTHER_METHOD & options.keys() else kept
    given = {*options, *({"method"} if "quality" in options else ())}
    settings = kept.updated(**files_in_settings(recipe, kept, places, given))
    if _RESHAPING & options.keys():
        settings = settings.updated(steps=None, stop_after=None)
    return content, styles, settings.updated(**options)


def with_masks(
    styles: Sequence[str], masks: Sequence[str], options: dict[str, Any]
) -> tuple[list[str], dict[str, Any]]:
    """Return the styles with those that have a mask, `sky.png=wave.jpg`, and the masks of all."""
    found = []
    for each in masks:
        # A name may have = in it: the mask is what is there, or else all up to the last one.
        signs = [match.start() for match in re.finditer("(?s)(?<=.)=(?=.)", each)][::-1]
        if not signs:
            raise SettingsError(f"{each!r} names no style: write sky.png=wave.jpg or sky=wave.jpg")
        there = (sign for sign in signs if os.path.isfile(each[:sign]))  # noqa: PTH113 (never raises)
        sign = next(there, signs[0])
        found.append((each[:sign], each[sign + 1 :]))
    names = [*[REST] * len(styles), *(mask for mask, _ in found)]
    return [*styles, *(style for _, style in found)], {**options, "masks": names}


def _at_random(
    folders: Sequence[Path], content: str | None, styles: list[Source], settings: Settings
) -> tuple[str, list[Source]]:
    """Fill in what is missing with pictures drawn from the first and the last folder."""
    generator = Random(settings.seed)
    if content is None:
        content = str(_draw(folders[0], generator))
    if not styles and not settings.method_row.one_style:
        styles = [str(_draw(folders[-1], generator, Path(content).resolve()))]
    return content, styles


def _draw(folder: Path, generator: Random, taken: Path | None = None) -> Path:
    if not folder.is_dir():
        raise ImageError(f"{folder} is not a folder: --random takes a folder of pictures")
    pictures = filter(is_picture_name, sorted(folder.rglob("*")))
    free = [path for path in pictures if path.resolve() != taken]
    if not free:
        raise ImageError(f"no pictures to choose from in {folder}: name a folder with more")
    return generator.choice(free)


def _name(source: Source) -> str:
    return Path(source if isinstance(source, str | Path) else getattr(source, "name", "")).name


def _target(output: str | None, name: str, settings: Settings) -> Path | None:
    """Return the file to save to, after a look whether that is possible."""
    if output == "-":  # a pipe
        return None
    target = output_path(output or ".", name)
    Picture.check_saving(target, settings.bits or 8, settings.size_limit)
    return target
