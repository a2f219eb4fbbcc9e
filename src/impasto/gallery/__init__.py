"""Style pictures that the project draws itself, free of anybody's rights."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from impasto.errors import SettingsError
from impasto.gallery.batik import batik
from impasto.gallery.circuit import circuit
from impasto.gallery.contour_map import contour_map
from impasto.gallery.dotwork import dotwork
from impasto.gallery.embroidery import embroidery
from impasto.gallery.facets import facets
from impasto.gallery.fans import fans
from impasto.gallery.halftone import halftone
from impasto.gallery.knitted import knitted
from impasto.gallery.leaves import leaves
from impasto.gallery.marble import marble
from impasto.gallery.mosaic import mosaic
from impasto.gallery.mountains import mountains
from impasto.gallery.neon import neon
from impasto.gallery.op_art import op_art
from impasto.gallery.palette_knife import palette_knife
from impasto.gallery.paper_cut import paper_cut
from impasto.gallery.pastel import pastel
from impasto.gallery.pointillism import pointillism
from impasto.gallery.stained_glass import stained_glass
from impasto.gallery.strokes import strokes
from impasto.gallery.tiles import tiles
from impasto.gallery.watercolor import watercolor
from impasto.gallery.waves import waves
from impasto.gallery.woodcut import woodcut
from impasto.images import Picture


class Drawing(NamedTuple):
    """A style picture that can be drawn.

    Attributes:
        draw: Function of the side in pixels and a seed.
        description: What it looks like, in one line.
    """

    draw: Callable[[int, int], Picture]
    description: str


DRAWINGS: Mapping[str, Drawing] = {
    "batik": Drawing(batik, "Wax-drawn bands of indigo, brown and cream, with crackle"),
    "circuit": Drawing(circuit, "A circuit board: jade traces, black chips and rings of gold"),
    "contour_map": Drawing(contour_map, "A survey map: contour lines, tinted relief and blue seas"),
    "dotwork": Drawing(dotwork, "Rings of dots in ochre, rust, teal and cream on dark earth"),
    "embroidery": Drawing(embroidery, "Wheels of satin stitch among leaves on navy linen"),
    "facets": Drawing(facets, "Planes cut by lines and arcs, from deep teal to ember"),
    "fans": Drawing(fans, "Art deco fans in teal, coral and ivory, edged in gold"),
    "halftone": Drawing(halftone, "A poster in dots of yellow, pink and blue ink"),
    "knitted": Drawing(knitted, "A winter sweater with bands of stars, diamonds and waves"),
    "leaves": Drawing(leaves, "Autumn leaves, red to gold, over violet shadows"),
    "marble": Drawing(marble, "Marbled paper: combed inks in rust, teal, amber and cream"),
    "mosaic": Drawing(mosaic, "Small stones in rings around a golden sun, set in dark grout"),
    "mountains": Drawing(mountains, "Azurite and malachite peaks in mist on old silk"),
    "neon": Drawing(neon, "Glowing tubes of cyan, magenta and amber on a brick wall"),
    "op_art": Drawing(op_art, "A chessboard that swells into spheres of red and gold"),
    "palette_knife": Drawing(palette_knife, "Thick slabs of unmixed color laid on with a knife"),
    "paper_cut": Drawing(
        paper_cut, "Layers of cut paper, from night blue through magenta to cream"
    ),
    "pastel": Drawing(pastel, "Soft chalks of ten colors hatched over dark rough paper"),
    "pointillism": Drawing(pointillism, "A bright evening by the water in dots of pure color"),
    "stained_glass": Drawing(
        stained_glass, "Leaded panes of ruby, cobalt and gold in a rose window"
    ),
    "strokes": Drawing(strokes, "Brush strokes whirling around yellow lamps in a blue night"),
    "tiles": Drawing(tiles, "Painted tiles: cobalt flowers and ochre hearts on white glaze"),
    "watercolor": Drawing(watercolor, "Wet flowers with dark rims on white rough paper"),
    "waves": Drawing(waves, "Curling indigo waves with foam, after the old color prints"),
    "woodcut": Drawing(woodcut, "Gouged black lines over hills of ochre and teal, a red sun"),
}


def draw(name: str, size: int = 768, seed: int = 0) -> Picture:
    """Draw a style picture.

    Args:
        name: One of `DRAWINGS`.
        size: Side of the square picture, in pixels.
        seed: Of everything random in it.

    Raises:
        SettingsError: There is no such drawing.

    Examples:
        >>> draw("mosaic", 64).size
        (64, 64)
    """
    if name not in DRAWINGS:
        raise SettingsError(f"there is no drawing {name!r}; there are: {', '.join(DRAWINGS)}")
    return DRAWINGS[name].draw(size, seed)
