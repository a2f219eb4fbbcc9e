"""Well-known paintings in the public domain, downloaded from Wikimedia Commons on first use."""

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
    said = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
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
