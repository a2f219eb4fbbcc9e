"""Style pictures that have names: drawn by the project, and well-known paintings.

Drawings are free of anybody's rights; paintings, in the public domain, are downloaded from
Wikimedia Commons on first use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from impasto.errors import ImageError
from impasto.files import replacing, sha256_of
from impasto.images import open_picture
from impasto.version import __version__
from impasto.weights.downloading import get_file, reason_of
from impasto.weights.folders import home_folder, is_offline

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


_COMMONS = "https://commons.wikimedia.org/wiki/Special:FilePath/"
_WIDTH = 1280  # width in pixels that is requested: one of those that Commons keeps ready
#: Commons refuses clients that do not identify themselves.
_HEADERS = {"User-Agent": f"impasto/{__version__} (style transfer toolkit)"}


class Painting(NamedTuple):
    """A painting in the public domain."""

    description: str  # title, artist and year
    file: str  # its name on Wikimedia Commons
    sha256: str | None = None  # of the original file there; without it a smaller one is downloaded

    @property
    def url(self) -> str:
        """Where it is downloaded from."""
        width = "" if self.sha256 else f"?width={_WIDTH}"
        return f"{_COMMONS}{quote(self.file)}{width}"


def _known() -> dict[str, Painting]:
    """Read the table of paintings: by name their title, artist, year, file, and perhaps a hash."""
    said = json.loads(Path(__file__).with_name("paintings.json").read_text("utf-8"))
    return {name: Painting(**each) for name, each in said.items()}


PAINTINGS: Mapping[str, Painting] = _known()  # all paintings by the names that users type


def painting_path(name: str) -> Path:
    """Return where the file of a painting is once it is downloaded."""
    return home_folder() / "paintings" / f"{name}.jpg"


def fetch_painting(name: str) -> Path:
    """Return the file of one of `PAINTINGS`, downloaded if it is not here, or an `ImageError`."""
    path = painting_path(name)
    if path.is_file():
        return path
    painting = PAINTINGS[name]
    advice = f"download {painting.url} yourself and give its path, or choose another style"
    if is_offline():
        raise ImageError(f"{name} is not here and IMPASTO_OFFLINE is set: {advice}")
    try:
        with replacing(path) as part:
            get_file(painting.url, part, _HEADERS)
            if painting.sha256 not in (None, sha256_of(part)):
                raise ImageError("another hash")
            open_picture(part, max_size=64)
    except (ImageError, OSError) as error:  # OSError includes all that requests raises
        problem = f"what was downloaded for {name} is not that painting"
        if isinstance(error, OSError):
            problem = f"{name} could not be downloaded ({reason_of(error)})"
        raise ImageError(f"{problem}: {advice}") from error
    return path
