"""Sheets of small pictures with words on them, and the folder in which they are kept once made."""

import ast
import hashlib
import inspect
import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont
from tools.site.sources import DOCS, ROOT

import impasto
from impasto import Picture

#: Where the pictures are committed, and which file there says what they were made by.
PICTURES, NOTE = DOCS / "pictures", "made_by.json"
#: What pictures follow from, beside the function that makes them.
ENGINE = (
    *("networks", "losses", "optimize", "fast", "gallery", "images", "settings"),
    "weights/bundled",
)
#: Longest side of most pictures, space between them, and a gray that is read on white and black.
SIDE, GAP, GRAY = 192, 10, (128, 128, 128, 255)
WORDS = 14
Options = Mapping[str, Any]
#: Octaves of small pictures, as 256 and 512 are for large ones.
SMALL: Options = {"size": SIDE, "min_size": SIDE // 2}
ALONE: Options = {"size": SIDE, "min_size": SIDE}


def photo(name: str, side: int = SIDE) -> Picture:
    """Return a photograph that comes with scikit-image, 3 to 2, (side, 2/3 side) pixels."""
    pixels = getattr(skimage.data, name)()
    height = min(pixels.shape[0], round(pixels.shape[1] * 2 / 3))
    return impasto.open_picture(pixels[:height].copy()).resized((side, side * 2 // 3))


def shown(picture: Picture, side: int = SIDE) -> Image.Image:
    """Return a picture as it is shown: this wide, small ones enlarged smoothly."""
    image = picture.to_pil().convert("RGB")
    size = (side, round(side * image.height / image.width))
    return image if image.width == side else image.resize(size, Image.Resampling.LANCZOS)


def painted(content: Picture, style: Picture, **options: Any) -> Image.Image:  # noqa: ANN401
    """Return a stylized picture as it is shown."""
    return shown(impasto.stylize(content, style, **options))


def sheet(
    rows: Sequence[Sequence[Image.Image | None]],
    below: Sequence[Sequence[str]],
    beside: Sequence[str] = (),
) -> Image.Image:
    """Lay pictures out in rows.

    Args:
        rows: All of one size; None stays empty.
        below: Words under each picture; a row of none takes no space.
        beside: Words at the left of each row, or none.
    """
    font = ImageFont.load_default(WORDS)
    first = next(image for row in rows for image in row if image)
    left = max((int(font.getlength(words)) + GAP for words in beside), default=0)
    lines = [(WORDS + GAP) if any(words) else 0 for words in below]
    width = left + max(len(row) for row in rows) * (first.width + GAP) - GAP
    height = len(rows) * (first.height + GAP) - GAP + sum(lines)
    page = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    pen, top = ImageDraw.Draw(page), 0
    for number, (row, words) in enumerate(zip(rows, below, strict=True)):
        if beside:
            pen.text((0, top + first.height // 2), beside[number], GRAY, font, "lm")
        for place, image in enumerate(row):
            at = left + place * (first.width + GAP)
            if image is not None:
                page.paste(image, (at, top))
            if place < len(words):
                middle = (at + first.width // 2, top + first.height + GAP // 2)
                pen.text(middle, words[place], GRAY, font, "ma")
        top += first.height + lines[number] + GAP
    return page


def features_as_picture(channel: Any) -> Picture:  # noqa: ANN401
    """Return one channel of features, (h, w), as gray: its mean in the middle."""
    values = np.asarray(channel, np.float32)
    values = values / max(1e-9, float(np.quantile(values, 0.99)))
    return Picture(np.repeat(values.clip(0, 1)[..., None], 3, 2))


def plot(drawn: Callable[..., None], count: int = 1) -> bytes:
    """Return an SVG of one plot or two, readable on white and on black."""
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "impasto", "svg.fonttype": "none", "font.size": 11}):
        figure = Figure((7 if count == 1 else 10, 3.6), layout="constrained")
        axes = [figure.add_subplot(1, count, place + 1) for place in range(count)]
        drawn(*axes)
        for each in axes:
            each.patch.set_alpha(0)
            each.tick_params(colors="gray", which="both")
            each.spines[:].set_color("gray")
            for words in (each.title, each.xaxis.label, each.yaxis.label):
                words.set_color("gray")
        data = io.BytesIO()
        figure.savefig(data, format="svg", transparent=True, metadata={"Date": None})
    return data.getvalue()


def fingerprint(make: Callable[..., Any]) -> str:
    """Return what tells whether a picture has to be made anew."""
    own = inspect.getsource(make) + plain(Path(__file__)) + engine()
    return hashlib.sha256(own.encode()).hexdigest()


@lru_cache
def engine() -> str:
    """Return what tells whether the program paints as it did."""
    digest, package = hashlib.sha256(), ROOT / "src" / "impasto"
    for name in ENGINE:
        place = package / name
        for path in sorted(place.rglob("*.*")) if place.is_dir() else [place]:
            if path.suffix == ".py":
                digest.update(plain(path).encode())
            elif path.suffix in (".onnx", ".safetensors", ".avif"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def plain(path: Path) -> str:
    """Return a file of Python without what does nothing: comments, docstrings, layout."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1:
            node.body = [  # type: ignore[attr-defined]
                each
                for each in body
                if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
            ]
    return ast.unparse(tree)


def is_kept(name: str, make: Callable[[], Any], folder: Path = PICTURES) -> bool:
    """Tell whether a picture is there, made by what would make it now."""
    return (folder / name).is_file() and _made_by(folder).get(name) == fingerprint(make)


def keep(name: str, make: Callable[[], Any], data: bytes, folder: Path = PICTURES) -> None:
    """Write a picture, and what it was made by."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    made_by = dict(sorted({**_made_by(folder), name: fingerprint(make)}.items()))
    (folder / NOTE).write_text(json.dumps(made_by, indent=1) + "\n", "utf-8")


def _made_by(folder: Path) -> dict[str, str]:
    note = folder / NOTE
    made: dict[str, str] = json.loads(note.read_text("utf-8")) if note.is_file() else {}
    return made
