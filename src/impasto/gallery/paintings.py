"""Well-known paintings in the public domain, downloaded from Wikimedia Commons on first use."""

from __future__ import annotations

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

_COMMONS = "https://commons.wikimedia.org/wiki/Special:FilePath/"
#: Width in pixels that is requested: one of those that Commons keeps ready.
_WIDTH = 1280
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


PAINTINGS: Mapping[str, Painting] = {
    "starry_night": Painting(
        "The Starry Night, Vincent van Gogh, 1889",
        "Van_Gogh_-_Starry_Night_-_Google_Art_Project.jpg",
    ),
    "wheat_field": Painting(
        "Wheat Field with Cypresses, Vincent van Gogh, 1889",
        "Wheat-Field-with-Cypresses-(1889)-Vincent-van-Gogh-Met.jpg",
    ),
    "great_wave": Painting(
        "The Great Wave off Kanagawa, Katsushika Hokusai, 1831",
        "Tsunami_by_hokusai_19th_century.jpg",
        "30c170260de393f51bd592adacc6f0714b60f157c09744e9c5b6d46e6a613718",
    ),
    "the_kiss": Painting(
        "The Kiss, Gustav Klimt, 1908", "The_Kiss_-_Gustav_Klimt_-_Google_Cultural_Institute.jpg"
    ),
    "the_scream": Painting(
        "The Scream, Edvard Munch, 1893",
        "Edvard_Munch,_1893,_The_Scream,_oil,_tempera_and_pastel_on_cardboard,_91_x_73_cm,_National_Gallery_of_Norway.jpg",
    ),
    "impression_sunrise": Painting(
        "Impression, Sunrise, Claude Monet, 1872", "Monet_-_Impression,_Sunrise.jpg"
    ),
    "water_lilies": Painting(
        "Water Lilies, Claude Monet, 1906", "Claude_Monet_-_Water_Lilies_-_1906,_Ryerson.jpg"
    ),
    "grande_jatte": Painting(
        "A Sunday on La Grande Jatte, Georges Seurat, 1884",
        "A_Sunday_on_La_Grande_Jatte,_Georges_Seurat,_1884.jpg",
    ),
    "composition_vii": Painting(
        "Composition VII, Wassily Kandinsky, 1913", "Vassily_Kandinsky,_1913_-_Composition_7.jpg"
    ),
    "senecio": Painting("Senecio, Paul Klee, 1922", "Senecio2.JPG"),
    "blue_horses": Painting(
        "The Large Blue Horses, Franz Marc, 1911",
        "Franz_Marc_-_The_Large_Blue_Horses_-_Google_Art_Project.jpg",
    ),
    "girl_with_a_pearl_earring": Painting(
        "Girl with a Pearl Earring, Johannes Vermeer, 1665", "1665_Girl_with_a_Pearl_Earring.jpg"
    ),
    "wanderer": Painting(
        "Wanderer above the Sea of Fog, Caspar David Friedrich, 1818",
        "Caspar_David_Friedrich_-_Wanderer_above_the_sea_of_fog.jpg",
        "e03e5b8c19cc9928592659f98834e568d3de11a93e031ab8093f5c3ef117f21d",
    ),
    "tower_of_babel": Painting(
        "The Tower of Babel, Pieter Bruegel the Elder, 1563",
        "Pieter_Bruegel_the_Elder_-_The_Tower_of_Babel_(Vienna)_-_Google_Art_Project_-_edited.jpg",
    ),
}


def painting_path(name: str) -> Path:
    """Return where the file of a painting is once it is downloaded."""
    return home_folder() / "paintings" / f"{name}.jpg"


def fetch_painting(name: str) -> Path:
    """Return the file of one of `PAINTINGS`, downloaded if it is not here.

    Raises:
        ImageError: It is not here and cannot be downloaded.
    """
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
