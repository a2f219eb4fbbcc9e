"""Pictures side by side: contact sheets, and a page that works without any other file."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from impasto.errors import ImpastoError
from impasto.files import refuse_inputs, write_atomically
from impasto.images import open_picture
from impasto.local_page import page_text

#: Longest sides on the sheet and on the page, and the most columns and rows of the sheet.
SMALL, SHOWN, ACROSS, DOWN = 192, 384, 12, 60
#: Space between pictures, and the height of a line of text.
GAP, LINE = 8, 20
#: The most results on the page: a browser holds them all at once.
ON_PAGE = 600
Paths = Sequence[Path]
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


def save_sheet(contents: Paths, styles: Paths, results: Results, path: Path) -> Path:
    """Save a .png with a row for each content and a column for each style; replaces what is there.

    It has at most `DOWN` rows and `ACROSS` columns; where a result is missing, it is empty.
    """
    columns: Sequence[int | None] = range(len(styles))[:ACROSS] or [None]
    shown: list[list[Path | None]] = [[None, *styles[:ACROSS]] if styles else [None, None]]
    for content in contents[:DOWN]:
        shown.append([content, *(results.get((content, style)) for style in columns)])
    refuse_inputs(path, [*contents, *styles])
    rows = [[None if each is None else thumbnail(each, SMALL) for each in row] for row in shown]
    return save_png(contact_sheet(rows, (SMALL, SMALL)), path)


def save_png(image: Image.Image, path: Path) -> Path:
    """Save a sheet quickly, as .png; replaces what is there."""
    return write_atomically(path, lambda part: image.save(part, "png", compress_level=1), True)


def save_page(contents: Paths, styles: Paths, results: Results, path: Path) -> Path:
    """Save an .html that shows each result, and its content under a slider; replaces what is there.

    It shows at most `ON_PAGE` results, content by content.
    """
    columns: Sequence[int | None] = range(len(styles)) or [None]
    wanted = [(c, s) for c in contents for s in columns if (c, s) in results]
    numbers = {content: n for n, content in enumerate(dict(wanted[:ON_PAGE]))}
    figures = []
    for content, style in wanted[:ON_PAGE]:
        name = "" if style is None else f" \N{MULTIPLICATION SIGN} {styles[style].stem}"
        title, after = html.escape(content.stem + name), inline(results[content, style], SHOWN)
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
