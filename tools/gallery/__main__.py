"""Draw the style pictures that come with the package, and compare them with its files.

Usage: python -m tools.gallery [NAME…] [--write] [--output FILE --size N --seed N]

Exits with 1 if a file is not what its program draws; `--write` writes such files anew.
`--output` saves one drawing instead, at any size, and another of its kind for each seed.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tools.gallery.batik import batik
from tools.gallery.circuit import circuit
from tools.gallery.contour_map import contour_map
from tools.gallery.dotwork import dotwork
from tools.gallery.embroidery import embroidery
from tools.gallery.facets import facets
from tools.gallery.fans import fans
from tools.gallery.halftone import halftone
from tools.gallery.knitted import knitted
from tools.gallery.leaves import leaves
from tools.gallery.marble import marble
from tools.gallery.mosaic import mosaic
from tools.gallery.mountains import mountains
from tools.gallery.neon import neon
from tools.gallery.op_art import op_art
from tools.gallery.palette_knife import palette_knife
from tools.gallery.paper_cut import paper_cut
from tools.gallery.pastel import pastel
from tools.gallery.pointillism import pointillism
from tools.gallery.stained_glass import stained_glass
from tools.gallery.strokes import strokes
from tools.gallery.tiles import tiles
from tools.gallery.watercolor import watercolor
from tools.gallery.waves import waves
from tools.gallery.woodcut import woodcut

from impasto.gallery.catalogue import drawing_path
from impasto.images import Picture

#: Functions of the side in pixels and a seed.
PROGRAMS: Mapping[str, Callable[[int, int], Picture]] = {
    "batik": batik,
    "circuit": circuit,
    "contour_map": contour_map,
    "dotwork": dotwork,
    "embroidery": embroidery,
    "facets": facets,
    "fans": fans,
    "halftone": halftone,
    "knitted": knitted,
    "leaves": leaves,
    "marble": marble,
    "mosaic": mosaic,
    "mountains": mountains,
    "neon": neon,
    "op_art": op_art,
    "palette_knife": palette_knife,
    "paper_cut": paper_cut,
    "pastel": pastel,
    "pointillism": pointillism,
    "stained_glass": stained_glass,
    "strokes": strokes,
    "tiles": tiles,
    "watercolor": watercolor,
    "waves": waves,
    "woodcut": woodcut,
}
#: Side of the files in pixels.
SIZE = 1024
#: All colors at full resolution, which keeps thin colored lines; 4.3 MB in all.
QUALITY = 60
#: Signal to noise, in dB, of a file and its drawing at 512 pixels: less is another picture.
LEAST_PSNR = 30.0


def write(name: str) -> None:
    """Write the file of a drawing."""
    path = drawing_path(name)
    path.parent.mkdir(exist_ok=True)
    image = PROGRAMS[name](SIZE, 0).to_pil()
    image.save(path, quality=QUALITY, subsampling="4:4:4", speed=6)


def psnr(name: str) -> float:
    """Compare a file with its drawing, at half the size, where the encoder hardly matters.

    Returns:
        The signal to noise ratio in dB; 0 if there is no file.
    """
    path = drawing_path(name)
    if not path.is_file():
        return 0.0
    with Image.open(path) as image:
        found = np.asarray(image.convert("RGB").reduce(2), np.float32) / 255
    drawn = PROGRAMS[name](SIZE, 0).to_pil().reduce(2)
    error = float(((found - np.asarray(drawn, np.float32) / 255) ** 2).mean())
    return -10 * float(np.log10(max(error, 1e-10)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, write or save drawings; return the exit status."""
    parser = argparse.ArgumentParser(description="Draw the bundled style pictures.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--write", action="store_true", help="write files that differ")
    parser.add_argument("--output", "-o", type=Path, help="save one drawing in this file")
    parser.add_argument("--size", type=int, default=SIZE, help="its side in pixels")
    parser.add_argument("--seed", type=int, default=0, help="another one of its kind")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - PROGRAMS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PROGRAMS)}")
    if given.output is not None:
        if len(given.names) != 1:
            parser.error("--output takes one NAME")
        print(PROGRAMS[given.names[0]](given.size, given.seed).save(given.output))
        return 0
    differ = 0
    for name in given.names or PROGRAMS:
        found = psnr(name)
        if found >= LEAST_PSNR:
            print(f"{name}: as drawn, {found:.1f} dB")
        elif given.write:
            write(name)
            print(f"{name}: written, {psnr(name):.1f} dB")
        else:
            print(f"{name}: differs, {found:.1f} dB")
            differ += 1
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
