"""What a command works on: pictures named, drawn from folders or found by a recipe."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, SettingsError
from impasto.images import (
    Picture,
    Source,
    is_picture_name,
    open_picture,
    output_name,
    read_recipe,
    read_source,
    refuse_inputs,
)
from impasto.reproduction import gather, recipe_settings
from impasto.settings import STARTS, Settings

STDOUT = "-"
#: Options that change which octaves there are, or their steps: a recipe's own steps then no longer
#: apply.
_RESHAPING = frozenset({"size", "min_size", "steps", "time"})


@dataclass(frozen=True)
class Job:
    """One picture to be made.

    Attributes:
        content: The content, read already if it came through a pipe.
        styles: The styles likewise.
        settings: All options.
        output: Where to save; None is standard output.
    """

    content: Source
    styles: list[Source]
    settings: Settings
    output: Path | None

    @property
    def protected(self) -> list[str | Path]:
        """The input files, which no output may replace."""
        named = [self.content, *self.styles]
        if self.settings.init not in STARTS:
            named.append(self.settings.init)
        return [source for source in named if isinstance(source, str | Path)]

    def check_pictures(self) -> None:
        """Raise at once what opening the pictures would raise after a long download.

        Raises:
            ImageError: One cannot be read.
        """
        for source in (self.content, *self.styles):
            open_picture(source, max_size=64)

    def save(self, picture: Picture, *, force: bool) -> None:
        """Save the result and print where; or write it to standard output.

        Raises:
            ImageError: It cannot be saved there. The work is not lost: the message says where the
                picture is instead, if anywhere.
        """
        if self.output is None:
            sys.stdout.buffer.write(picture.encode("png"))
            sys.stdout.buffer.flush()
            return
        try:
            print(picture.save(self.output, overwrite=force, protect=self.protected))
        except ImageError as error:
            rescued = picture.save(Path(tempfile.gettempdir()) / f"{self.output.stem}.png")
            raise ImageError(f"{error}; the picture is in {rescued}") from error


def gather_job(
    content: str | None,
    styles: Sequence[str],
    output: str | None,
    recipe: Path | None,
    folders: Sequence[Path],
    options: dict[str, Any],
) -> Job:
    """Find out what to make of what, and that it can be saved, before any work.

    Raises:
        SettingsError: Content or style is missing, or an option is wrong.
        ImageError: A picture is not there, or the output cannot be written.
        RecipeError: The recipe cannot be read or its pictures are not found.
    """
    settings = Settings.from_dict(options)
    chosen: list[Source] = list(styles)
    if recipe is not None:
        content, chosen, settings = _from_recipe(recipe, content, styles, options)
    if folders:
        content, chosen = _at_random(folders, content, chosen, settings.seed)
    if content is None or not chosen:
        missing = "content and a style picture" if content is None else "style picture"
        raise SettingsError(f"give a {missing}: impasto stylize CONTENT STYLE")
    sources = [read_source(source) for source in (content, *chosen)]
    names = [_name(source) for source in sources]
    job = Job(sources[0], sources[1:], settings, _target(output, names, settings))
    if job.output is not None:
        refuse_inputs(job.output, job.protected)
    return job


def _from_recipe(
    path: Path, content: str | None, styles: Sequence[str], options: dict[str, Any]
) -> tuple[str | None, list[Source], Settings]:
    recipe = read_recipe(path)
    settings = recipe_settings(recipe)
    if content is None or not styles:
        found = gather(recipe, [path.parent, Path.cwd()])
        content = content or str(found.content)
        styles = styles or [str(style) for style in found.styles]
        settings = found.settings
    if _RESHAPING & options.keys():
        settings = settings.updated(steps=None, stop_after=None)
    return content, list(styles), settings.updated(**options)


def _at_random(
    folders: Sequence[Path], content: str | None, styles: list[Source], seed: int
) -> tuple[str, list[Source]]:
    """Fill in what is missing with pictures drawn from the first and the last folder."""
    generator = random.Random(seed)
    if content is None:
        content = str(_draw(folders[0], generator, ()))
    if not styles:
        styles = [str(_draw(folders[-1], generator, (Path(content),)))]
    return content, styles


def _draw(folder: Path, generator: random.Random, not_these: Sequence[Path]) -> Path:
    if not folder.is_dir():
        raise ImageError(f"{folder} is not a folder: --random takes a folder of pictures")
    pictures = sorted(p for p in folder.rglob("*") if is_picture_name(p) and p not in not_these)
    if not pictures:
        raise ImageError(f"no pictures in {folder}: --random needs a folder that has some")
    return generator.choice(pictures)


def _name(source: Source) -> str:
    return Path(source if isinstance(source, str | Path) else getattr(source, "name", "")).name


def _target(output: str | None, names: Sequence[str], settings: Settings) -> Path | None:
    """Return the file to save to, after a look whether that is possible."""
    if output == STDOUT:
        return None
    target = Path(output or ".")
    if target.is_dir():
        target = target / f"{output_name(names[0], names[1:])}.png"
    Picture.check_saving(target, settings.bits or 8)
    return target
