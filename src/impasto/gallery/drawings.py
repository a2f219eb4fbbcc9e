"""Style pictures that come with the package, drawn by the project and free of anybody's rights."""

from collections.abc import Mapping
from pathlib import Path

#: Names of the drawn styles, and what each looks like. `python -m tools.gallery` draws them.
DRAWINGS: Mapping[str, str] = {
    "batik": "Wax-drawn bands of indigo, brown and cream, with crackle",
    "circuit": "A circuit board: jade traces, black chips and rings of gold",
    "contour_map": "A survey map: contour lines, tinted relief and blue seas",
    "dotwork": "Rings of dots in ochre, rust, teal and cream on dark earth",
    "embroidery": "Wheels of satin stitch among leaves on navy linen",
    "facets": "Planes cut by lines and arcs, from deep teal to ember",
    "fans": "Art deco fans in teal, coral and ivory, edged in gold",
    "halftone": "A poster in dots of yellow, pink and blue ink",
    "knitted": "A winter sweater with bands of stars, diamonds and waves",
    "leaves": "Autumn leaves, red to gold, over violet shadows",
    "marble": "Marbled paper: combed inks in rust, teal, amber and cream",
    "mosaic": "Small stones in rings around a golden sun, set in dark grout",
    "mountains": "Azurite and malachite peaks in mist on old silk",
    "neon": "Glowing tubes of cyan, magenta and amber on a brick wall",
    "op_art": "A chessboard that swells into spheres of red and gold",
    "palette_knife": "Thick slabs of unmixed color laid on with a knife",
    "paper_cut": "Layers of cut paper, from night blue through magenta to cream",
    "pastel": "Soft chalks of ten colors hatched over dark rough paper",
    "pointillism": "A bright evening by the water in dots of pure color",
    "stained_glass": "Leaded panes of ruby, cobalt and gold in a rose window",
    "strokes": "Brush strokes whirling around yellow lamps in a blue night",
    "tiles": "Painted tiles: cobalt flowers and ochre hearts on white glaze",
    "watercolor": "Wet flowers with dark rims on white rough paper",
    "waves": "Curling indigo waves with foam, after the old color prints",
    "woodcut": "Gouged black lines over hills of ochre and teal, a red sun",
}


def drawing_path(name: str) -> Path:
    """Return where the picture of a drawn style is: 1024 x 1024 pixels."""
    return Path(__file__).with_name("pictures") / f"{name}.avif"
