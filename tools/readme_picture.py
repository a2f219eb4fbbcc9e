"""Paint the picture at the top of the README: content, style and result side by side.

Usage: python tools/readme_picture.py   (needs a VGG-19, see `impasto weights`)
"""

from pathlib import Path

import skimage.data
from PIL import Image

import impasto
from impasto.gallery import open_style

TARGET = Path(__file__).parents[1] / "docs" / "images" / "cat-mosaic.jpg"
HEIGHT = 341


def main() -> None:
    """Paint, lay out, save."""
    photo, style = impasto.open_picture(skimage.data.chelsea()), open_style("mosaic", 768)
    painted = impasto.stylize(photo, style, size=512, encoder="vgg19", style_scale=0.7)
    tiles = [photo.resized(512), style.resized(HEIGHT), painted]
    sheet = Image.new("RGB", (sum(t.width for t in tiles) + 16, HEIGHT), "white")
    left = 0
    for tile in tiles:
        sheet.paste(tile.to_pil(), (left, 0))
        left += tile.width + 8
    impasto.open_picture(sheet).save(TARGET, overwrite=True)


if __name__ == "__main__":
    main()
