"""One content in one style in many ways: small variants to choose from, and a sheet of them."""

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from impasto.batch.pairs import make_folder
from impasto.batch.sheets import contact_sheet, save_png
from impasto.errors import ImageError, SettingsError
from impasto.files import refuse_inputs, working_alone, write_atomically
from impasto.images import Picture, Source
from impasto.settings import FIELDS, Settings
from impasto.settings.declaration import check_known
from impasto.stylizers import stylizer

#: Longest side of a small picture, in pixels, and its steps: enough to tell the variants apart.
PREVIEW_SIZE, _PREVIEW_STEPS = 256, 24
#: What is varied where nothing is named: these change a picture most, and not in the same way.
DEFAULT_AXES: Mapping[str, Sequence[Any]] = {
    "style_loss": ("gram", "nnfm"),
    "color": ("style", "match"),
    "style_scale": (0.6, 1.0, 1.6),
    "strength": (0.6, 1.0),
}
#: The sheet of all variants.
SHEET = "looks.png"
#: The most pictures of one sheet.
MOST_VARIANTS = 200


class Variant(NamedTuple):
    """One way to paint."""

    number: int  # from 1, as on the sheet
    changes: Mapping[str, Any]  # the settings that are varied, and their values here
    settings: Settings  # all of them
    row: int  # on the sheet, from 0, as is the next
    column: int

    @property
    def name(self) -> str:
        """Of its files, without suffix: `07`."""
        return f"{self.number:02}"


def preview_settings(settings: Settings, size: int = PREVIEW_SIZE) -> Settings:
    """Return the settings of a small picture that is painted quickly."""
    told = settings.steps or settings.time or not settings.method_row.steps
    return settings.updated(size=size, steps=settings.steps if told else _PREVIEW_STEPS)


def default_axes(settings: Settings) -> dict[str, Sequence[Any]]:
    """Return what is worth varying with these settings."""
    return {
        name: values
        for name, values in DEFAULT_AXES.items()
        if not (name == "color" and settings.method_row.one_style)
        and getattr(settings, name) == FIELDS[name].default
        and settings.method_row.takes(name, FIELDS[name].metadata["group"])
    }


def vary(settings: Settings, axes: Mapping[str, Sequence[Any]]) -> list[Variant]:
    """Return the combinations of all values of some settings, row by row; the others stay.

    The first half of them changes from row to row, the others from column to column. What does not
    exist, and nothing or too much to vary, are a `SettingsError`.
    """
    for name in axes:
        check_known(name, FIELDS)
    names = [name for name, values in axes.items() if values]
    count = math.prod(len(axes[name]) for name in names)
    if not names or count > MOST_VARIANTS:
        raise SettingsError(f"that makes {count} pictures: choose values for 2 to {MOST_VARIANTS}")
    columns = math.prod(len(axes[name]) for name in names[len(names) // 2 :])
    variants = []
    for number, values in enumerate(itertools.product(*(axes[name] for name in names))):
        changes = dict(zip(names, values, strict=True))
        place = divmod(number, columns)
        variants.append(Variant(number + 1, changes, settings.updated(**changes), *place))
    return variants


def free_folder(folder: Path, variants: Sequence[Variant]) -> Path:
    """Return a folder, or a numbered neighbor of it where no earlier variants would be replaced."""
    names = [SHEET, *(f"{variant.name}.{kind}" for variant in variants for kind in ("png", "json"))]
    for number in itertools.count(1):
        if number > 1 and folder.name in ("", ".."):
            raise ImageError(f"there are variants in {folder} already: name another folder")
        found = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not any((found / name).exists() for name in names):
            break
    return found


def paint_variants(
    content: Source, styles: Sequence[Source], variants: Sequence[Variant], folder: Path
) -> Iterator[tuple[Variant, Picture]]:
    """Paint each variant, save it with its recipe (`07.png`, `07.json`), and yield it.

    `impasto stylize --recipe 07.json --size 4096` makes one of them large. The folder is made if it
    is not there; files of these names in it are replaced, see `free_folder`, but no input.
    """
    inputs = [each for each in (content, *styles) if isinstance(each, str | Path)]
    for variant in variants:
        for kind in ("png", "json"):
            refuse_inputs(folder / f"{variant.name}.{kind}", [*inputs, *variant.settings.pictures])
    make_folder(folder)
    with working_alone(folder):
        for variant in variants:
            picture = stylizer(styles, variant.settings)(content)
            picture.save(folder / f"{variant.name}.png", overwrite=True)
            recipe = json.dumps(picture.recipe, indent=2, ensure_ascii=False)
            write_atomically(folder / f"{variant.name}.json", recipe, overwrite=True)
            yield variant, picture


def save_variants(painted: Sequence[tuple[Variant, Picture]], path: Path) -> Path:
    """Save what `paint_variants` yielded, at least one, on one sheet, the changes at its sides.

    A .png that is there is replaced.
    """
    down = 1 + max(variant.row for variant, _ in painted)
    across = 1 + max(variant.column for variant, _ in painted)
    rows: list[list[Image.Image | None]] = [[None] * across for _ in range(down)]
    below, above, beside = [[""] * across for _ in range(down)], [""] * across, [""] * down
    for variant, picture in painted:
        rows[variant.row][variant.column] = picture.filled().to_pil()
        below[variant.row][variant.column] = variant.name
        words = [f"{name.replace('_', ' ')} {value}" for name, value in variant.changes.items()]
        beside[variant.row] = "\n".join(words[: len(words) // 2])
        above[variant.column] = "\n".join(words[len(words) // 2 :])
    return save_png(contact_sheet(rows, above=above, beside=beside, below=below), path)
