"""All results of a batch on one sheet: a picture, and a page that needs nothing but itself."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from impasto.errors import ImpastoError
from impasto.files import refuse_inputs, write_atomically
from impasto.images import open_picture

#: Longest sides on the sheet and on the page, space between, and the most columns and rows.
SMALL, SHOWN, GAP, ACROSS, DOWN = 192, 384, 8, 12, 60
#: The most results on the page: a browser holds them all at once.
ON_PAGE = 600
#: Results by content and number of the style.
Results = Mapping[tuple[Path, int | None], Path]


def save_sheet(
    contents: Sequence[Path], styles: Sequence[Path], results: Results, path: Path
) -> Path:
    """Save a picture with a row for each content and a column for each style.

    Args:
        contents: Down the side; at most `DOWN` of them are shown.
        styles: Along the top; at most `ACROSS` of them are shown.
        results: What to show; what is missing stays empty.
        path: A .png; replaced if it is there.
    """
    columns: Sequence[int | None] = range(len(styles))[:ACROSS] if styles else [None]
    contents = contents[:DOWN]
    cell = SMALL + GAP
    size = (cell * (len(columns) + 1) + GAP, cell * (len(contents) + 1) + GAP)
    sheet = Image.new("RGB", size, "white")

    def put(picture: Path, column: int, row: int) -> None:
        small = thumbnail(picture, SMALL)
        if small is not None:
            left = GAP + cell * column + (SMALL - small.width) // 2
            sheet.paste(small, (left, GAP + cell * row + (SMALL - small.height) // 2))

    for place, style in enumerate(columns, 1):
        if style is not None:
            put(styles[style], place, 0)
    for row, content in enumerate(contents, 1):
        put(content, 0, row)
        for place, style in enumerate(columns, 1):
            if (content, style) in results:
                put(results[content, style], place, row)
    data = io.BytesIO()
    sheet.save(data, "png", compress_level=1)
    refuse_inputs(path, [*contents, *styles])
    return write_atomically(path, data.getvalue(), True)


def save_page(
    contents: Sequence[Path], styles: Sequence[Path], results: Results, path: Path
) -> Path:
    """Save a page that shows each result, and its content under a slider.

    Args:
        contents: In this order.
        styles: For each content in this order.
        results: What to show, at most `ON_PAGE` of them; what is missing is left out.
        path: An .html; replaced if it is there.
    """
    columns: Sequence[int | None] = range(len(styles)) if styles else [None]
    wanted = [(c, s) for c in contents for s in columns if (c, s) in results]
    numbers: dict[Path, int] = {}
    befores, figures = [], []
    for content, style in wanted[:ON_PAGE]:
        if content not in numbers:
            numbers[content] = len(numbers)
            befores.append(_BEFORE.format(number=numbers[content], picture=_inline(content)))
        look = "" if style is None else f" \N{MULTIPLICATION SIGN} {styles[style].stem}"
        title, after = html.escape(content.stem + look), _inline(results[content, style])
        figures.append(_FIGURE.format(title=title, number=numbers[content], after=after))
    left_out = len(wanted) - len(figures)
    page = _PAGE.format(
        count=len(wanted),
        befores="\n".join(befores),
        figures="\n".join(figures),
        more=f"<p>{left_out} more are in the folder.</p>" if left_out else "",
    )
    refuse_inputs(path, [*contents, *styles])
    return write_atomically(path, page.encode(), True)


def thumbnail(path: Path, longest: int) -> Image.Image | None:
    """Return a small copy of a picture; None if it cannot be read (any more)."""
    try:
        picture = open_picture(path, max_size=longest)
    except ImpastoError:
        return None
    return Image.fromarray(picture.filled().to_array())


def _inline(path: Path) -> str:
    small, data = thumbnail(path, SHOWN), io.BytesIO()
    if small is None:
        return ""
    small.save(data, "jpeg", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"


_FIGURE = """<figure><div class="pair"><img src="{after}" alt="{title}">
<div class="before b{number}"></div><input type="range" value="0" aria-label="before">
</div><figcaption>{title}</figcaption></figure>"""
_BEFORE = '.b{number} {{ background-image: url("{picture}") }}'
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{count} pictures</title>
<meta name="viewport" content="width=device-width">
<style>
:root {{ color-scheme: light dark; font: 14px system-ui, sans-serif }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(18em, 1fr)); gap: 1em }}
figure {{ margin: 0 }} figcaption {{ padding: .3em 0; overflow-wrap: anywhere }}
.pair {{ position: relative }} .pair img {{ display: block; width: 100% }}
.pair .before {{ position: absolute; inset: 0; clip-path: inset(0 100% 0 0) }}
.pair .before {{ background-size: 100% 100% }}
.pair input {{ position: absolute; inset: auto 4% 4% 4%; width: 92% }}
{befores}
</style></head><body><main>
{figures}
</main>{more}<script>
document.querySelectorAll(".pair input").forEach(each => each.addEventListener("input", () =>
  each.parentNode.querySelector(".before").style.clipPath = `inset(0 ${{100 - each.value}}% 0 0)`))
</script></body></html>
"""
