"""Pictures of what the program is used for."""

from collections.abc import Sequence

import skimage.data
from PIL import Image
from tools.site.sheets import GAP, SIDE, SMALL, Options, painted, photo, sheet, shown

import impasto
from impasto.fast import FastStylizer
from impasto.gallery import DRAWINGS, open_style
from impasto.settings.choices import LOOKS


def first() -> Image.Image:
    """What the README begins with: three pictures, each with its photograph and its style."""
    height, inset = 320, 60
    plan: Sequence[tuple[str, Sequence[str], Options]] = [
        ("astronaut", ["mosaic", "strokes"], {"masks": ["person", "background"]}),
        ("coffee", ["palette_knife"], {"look": "bold"}),
        ("chelsea", ["stained_glass"], {}),
    ]
    tiles = []
    for name, styles, options in plan:
        content = impasto.open_picture(getattr(skimage.data, name)())
        size = round(height * max(content.size) / content.height)
        made = impasto.stylize(content, styles, size=size, **options).to_pil()
        left = GAP // 2
        for each in (content, *(open_style(style, inset) for style in styles)):
            small = each.to_pil()
            small.thumbnail((small.width, inset))
            made.paste(small, (left, height - inset - GAP // 2))
            left += small.width + GAP // 2
        tiles.append(made)
    page = Image.new("RGBA", (sum(t.width + GAP for t in tiles) - GAP, height), (0, 0, 0, 0))
    left = 0
    for tile in tiles:
        page.paste(tile, (left, 0))
        left += tile.width + GAP
    return page


def looks() -> Image.Image:
    """A picture as it comes, and every word of `--look`."""
    cat, style = photo("chelsea", 384), open_style("strokes", 768)
    ways: Sequence[Options] = [{}, *({"look": look} for look in LOOKS)]
    made = [shown(impasto.stylize(cat, style, size=384, **each), 288) for each in ways]
    words = ["as it comes", *(f"--look {look}" for look in LOOKS)]
    return sheet([made[:3], made[3:]], [words[:3], words[3:]])


def start() -> Image.Image:
    """The three pictures of the first page: a photograph, a drawing, and both in one."""
    cat = photo("chelsea", 384)
    ways: Sequence[Options] = ({"method": "fast"}, {}, {"color": "content"})
    made = [
        shown(impasto.stylize(cat, open_style("mosaic", 384), size=384, **each), 288)
        for each in ways
    ]
    return sheet([made], [["--quality draft", "as it comes", "--color content"]])


def fast_strength() -> Image.Image:
    """The any-style network: four strengths of two styles."""
    cat = photo("astronaut", 384)
    rows = [
        [
            shown(FastStylizer(open_style(name, 384), size=384, strength=strength)(cat))
            for strength in (0.0, 0.5, 0.8, 1.0)
        ]
        for name in ("strokes", "stained_glass")
    ]
    words = ["strength 0", "0.5", "0.8", "1"]
    return sheet(rows, [[], words], ["strokes", "stained glass"])


def colors() -> Image.Image:
    """The three ways with colors, and one halfway."""
    ways: Sequence[Options]
    ways = ({}, {"color": "content"}, {"color": "match"}, {"color": "content", "color_amount": 0.5})
    made = [painted(photo("coffee"), open_style("waves", SIDE), **SMALL, **way) for way in ways]
    words = ["style", "content", "match", "content, amount 0.5"]
    return sheet([made], [words])


def face() -> Image.Image:
    """A portrait: the photograph, painted as it comes, and with the face kept."""
    portrait = photo("astronaut", 384)
    options: Options = {"size": 384, "min_size": SIDE, "steps": (20, 20)}
    ways: Sequence[Options] = ({}, {"content_weight": 0.5}, {"keep": "faces"})
    made = [
        shown(impasto.stylize(portrait, open_style("palette_knife", 384), **options, **each), 288)
        for each in ways
    ]
    return sheet([made], [["as it comes", "--content-weight 0.5", "--keep faces"]])


def drawings() -> Image.Image:
    """All styles that the project draws."""
    made: list[Image.Image | None] = [open_style(name, 144).to_pil() for name in DRAWINGS]
    rows = [made[at : at + 6] for at in range(0, len(made), 6)]
    names = list(DRAWINGS)
    return sheet(rows, [names[at : at + 6] for at in range(0, len(names), 6)])
