"""Pictures side by side: contact sheets, a page that works without any other file, and looks.

Looks are one content in one style in many ways: small pictures to choose from.
"""

import base64
import html
import io
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from impasto.batch.pairs import make_folder
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.files import refuse_inputs, write_atomically
from impasto.images import Picture, Source, open_picture
from impasto.local_page import page_text
from impasto.settings import FIELDS, Settings
from impasto.settings.declaration import check_known
from impasto.stylizers import stylizer

#: Longest sides on the sheet and on the page, and the most columns and rows of the sheet.
SMALL, SHOWN, ACROSS, DOWN = 192, 384, 12, 60
#: Space between pictures, and the height of a line of text.
GAP, LINE = 8, 20
#: The most results on the page: a browser holds them all at once.
ON_PAGE = 600
#: Results by content and number of the style.
Results = Mapping[tuple[Path, int | None], Path]


def contact_sheet(
    rows: Sequence[Sequence[Image.Image | None]],
    least: tuple[int, int] = (0, 0),
    *,
    above: Sequence[str] = (),
    beside: Sequence[str] = (),
    below: Sequence[Sequence[str]] = (),
) -> Image.Image:
    """Draw pictures in rows and columns, each centered in its cell; None: an empty one.

    Columns are as wide, and rows as high, as their largest picture, or `least`. There may be text
    (with lines) above each column and beside each row, and below each picture.
    """
    font = ImageFont.load_default(14)
    width = max([least[0], *(each.width for row in rows for each in row if each is not None)])
    heights = [max([least[1], *(each.height for each in row if each is not None)]) for row in rows]
    margin = [font.getlength(line) + GAP for text in beside for line in text.splitlines()]
    left, step = GAP + int(max(margin, default=0)), width + GAP
    top = GAP + LINE * max((len(text.splitlines()) for text in above), default=0)
    high = sum(heights) + (GAP + LINE * bool(below)) * len(rows)
    sheet = Image.new("RGB", (left + step * max(map(len, rows)), top + high), "white")
    draw = ImageDraw.Draw(sheet)
    for column, text in enumerate(above):
        place = (left + step * column + width // 2, GAP // 2)
        draw.multiline_text(place, text, "black", font, anchor="ma", align="center")
    for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
        for text in beside[number : number + 1]:
            draw.multiline_text((GAP, top + height // 3), text, "black", font)
        for column, picture in enumerate(row):
            x = left + step * column
            if picture is not None:
                place = (x + (width - picture.width) // 2, top + (height - picture.height) // 2)
                sheet.paste(picture, place)
            if below:
                draw.text((x, top + height + 1), below[number][column], "black", font)
        top += height + GAP + LINE * bool(below)
    return sheet


def save_sheet(
    contents: Sequence[Path], styles: Sequence[Path], results: Results, path: Path
) -> Path:
    """Save a .png with a row for each content and a column for each style; replaces what is there.

    It has at most `DOWN` rows and `ACROSS` columns; where a result is missing, it is empty.
    """
    columns = _columns(styles)[:ACROSS]
    shown: list[list[Path | None]] = [[None, *styles[:ACROSS]] if styles else [None, None]]
    for content in contents[:DOWN]:
        shown.append([content, *(results.get((content, style)) for style in columns)])
    refuse_inputs(path, [*contents, *styles])
    rows = [[None if each is None else thumbnail(each, SMALL) for each in row] for row in shown]
    return save_png(contact_sheet(rows, (SMALL, SMALL)), path)


def _columns(styles: Sequence[Path]) -> Sequence[int | None]:
    return range(len(styles)) if styles else [None]


def save_png(image: Image.Image, path: Path) -> Path:
    """Save a sheet quickly, as .png; replaces what is there."""
    return write_atomically(path, lambda part: image.save(part, "png", compress_level=1), True)


def save_page(
    contents: Sequence[Path], styles: Sequence[Path], results: Results, path: Path
) -> Path:
    """Save an .html that shows each result, and its content under a slider; replaces what is there.

    It shows at most `ON_PAGE` results, content by content.
    """
    wanted = [(c, s) for c in contents for s in _columns(styles) if (c, s) in results]
    numbers = {content: n for n, content in enumerate(dict(wanted[:ON_PAGE]))}
    figures = []
    for content, style in wanted[:ON_PAGE]:
        look = "" if style is None else f" \N{MULTIPLICATION SIGN} {styles[style].stem}"
        title, after = html.escape(content.stem + look), inline(results[content, style], SHOWN)
        figures.append(_FIGURE.format(title=title, number=numbers[content], after=after))
    befores = [_BEFORE.format(number=n, picture=inline(c, SHOWN)) for c, n in numbers.items()]
    left_out = len(wanted) - len(figures)
    page = page_text(
        Path(__file__).with_name("sheet.html"),
        count=len(wanted),
        befores="\n".join(befores),
        figures="\n".join(figures),
        more=f"<p>{left_out} more are in the folder.</p>" if left_out else "",
    )
    refuse_inputs(path, [*contents, *styles])
    return write_atomically(path, page, True)


def thumbnail(path: Path, longest: int) -> Image.Image | None:
    """Return a copy of a picture with a longest side in pixels; None if it cannot be read."""
    try:
        return open_picture(path, max_size=longest).filled().to_pil()
    except ImpastoError:
        return None


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Return a picture as a JPEG file."""
    data = io.BytesIO()
    image.save(data, "jpeg", quality=quality)
    return data.getvalue()


def inline(path: Path, longest: int) -> str:
    """Return a thumbnail as an address that holds all of it; empty if there is none."""
    small = thumbnail(path, longest)
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(small, 82)).decode()}" if small else ""


_FIGURE = """<figure><div class="pair"><img src="{after}" alt="{title}">
<div class="before b{number}"></div><input type="range" value="0" aria-label="before">
</div><figcaption>{title}</figcaption></figure>"""
_BEFORE = '.b{number} {{ background-image: url("{picture}") }}'


#: Longest side of a small picture, in pixels, and its steps: enough to tell the looks apart.
SKETCH, _STEPS = 256, 24
#: What is varied where nothing is named: these change a picture most, and not in the same way.
USUAL: Mapping[str, Sequence[Any]] = {
    "style_loss": ("gram", "nnfm"),
    "color": ("style", "match"),
    "style_scale": (0.6, 1.0, 1.6),
    "strength": (0.6, 1.0),
}
#: All pictures on one.
LOOKS = "looks.png"
#: The most pictures of one sheet.
MOST = 200


class Cell(NamedTuple):
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


def sketched(settings: Settings, size: int = SKETCH) -> Settings:
    """Return the settings of a small picture that is painted quickly."""
    told = settings.steps or settings.time or not settings.method_row.steps
    return settings.updated(size=size, steps=settings.steps if told else _STEPS)


def usual_axes(settings: Settings) -> dict[str, Sequence[Any]]:
    """Return what is worth varying with these settings."""
    return {
        name: values
        for name, values in USUAL.items()
        if not (name == "color" and settings.method_row.one_style)
        and getattr(settings, name) == FIELDS[name].default
        and settings.method_row.takes(name, FIELDS[name].metadata["group"])
    }


def vary(settings: Settings, axes: Mapping[str, Sequence[Any]]) -> list[Cell]:
    """Return the combinations of all values of some settings, row by row; the others stay.

    The first half of them changes from row to row, the others from column to column. What does not
    exist, and nothing or too much to vary, are a `SettingsError`.
    """
    for name in axes:
        check_known(name, FIELDS)
    names = [name for name, values in axes.items() if values]
    count = math.prod(len(axes[name]) for name in names)
    if not names or count > MOST:
        raise SettingsError(f"that makes {count} pictures: choose values for 2 to {MOST}")
    columns = math.prod(len(axes[name]) for name in names[len(names) // 2 :])
    cells = []
    for number, values in enumerate(itertools.product(*(axes[name] for name in names))):
        changes = dict(zip(names, values, strict=True))
        place = divmod(number, columns)
        cells.append(Cell(number + 1, changes, settings.updated(**changes), *place))
    return cells


def free_folder(folder: Path, cells: Sequence[Cell]) -> Path:
    """Return a folder, or a numbered neighbor of it where no earlier looks would be replaced."""
    names = [LOOKS, *(f"{cell.name}.{kind}" for cell in cells for kind in ("png", "json"))]
    for number in itertools.count(1):
        if number > 1 and folder.name in ("", ".."):
            raise ImageError(f"there are looks in {folder} already: name another folder")
        found = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not any((found / name).exists() for name in names):
            break
    return found


def paint_looks(
    content: Source, styles: Sequence[Source], cells: Sequence[Cell], folder: Path
) -> Iterator[tuple[Cell, Picture]]:
    """Paint each cell, save it with its recipe (`07.png`, `07.json`), and yield it.

    `impasto stylize --recipe 07.json --size 4096` makes one of them large. The folder is made if it
    is not there; files of these names in it are replaced, see `free_folder`, but no input.
    """
    inputs = [each for each in (content, *styles) if isinstance(each, str | Path)]
    for cell in cells:
        for kind in ("png", "json"):
            refuse_inputs(folder / f"{cell.name}.{kind}", [*inputs, *cell.settings.pictures])
    make_folder(folder)
    for cell in cells:
        picture = stylizer(styles, cell.settings)(content)
        picture.save(folder / f"{cell.name}.png", overwrite=True)
        recipe = json.dumps(picture.recipe, indent=2, ensure_ascii=False)
        write_atomically(folder / f"{cell.name}.json", recipe, overwrite=True)
        yield cell, picture


def save_looks(painted: Sequence[tuple[Cell, Picture]], path: Path) -> Path:
    """Save what `paint_looks` yielded, at least one, on one sheet, with what changes at its sides.

    A .png that is there is replaced.
    """
    down = 1 + max(cell.row for cell, _ in painted)
    across = 1 + max(cell.column for cell, _ in painted)
    rows: list[list[Image.Image | None]] = [[None] * across for _ in range(down)]
    below, above, beside = [[""] * across for _ in range(down)], [""] * across, [""] * down
    for cell, picture in painted:
        rows[cell.row][cell.column] = picture.filled().to_pil()
        below[cell.row][cell.column] = cell.name
        words = [f"{name.replace('_', ' ')} {value}" for name, value in cell.changes.items()]
        beside[cell.row] = "\n".join(words[: len(words) // 2])
        above[cell.column] = "\n".join(words[len(words) // 2 :])
    return save_png(contact_sheet(rows, above=above, beside=beside, below=below), path)
