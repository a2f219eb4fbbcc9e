"""Style pictures that have names: drawn by the project, and well-known paintings.

Drawings are free of anybody's rights; paintings, in the public domain, are downloaded from
Wikimedia Commons on first use.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from impasto.errors import ImageError
from impasto.files import replacing, sha256_of
from impasto.images import open_picture
from impasto.version import __version__
from impasto.weights.downloading import get_file, reason_of
from impasto.weights.folders import home_folder, is_offline


def _table(name: str) -> Any:  # noqa: ANN401
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text("utf-8"))


#: Names of the drawn styles, and what each looks like. `python -m tools.gallery` draws them.
DRAWINGS: Mapping[str, str] = _table("drawings")


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
        return f"{_COMMONS}{quote(self.file)}" + ("" if self.sha256 else f"?width={_WIDTH}")


#: All paintings by the names that users type.
PAINTINGS: Mapping[str, Painting] = {n: Painting(**each) for n, each in _table("paintings").items()}


def painting_path(name: str) -> Path:
    """Return where the file of a painting is once it is downloaded."""
    return home_folder() / "paintings" / f"{name}.jpg"


def fetch_painting(name: str) -> Path:
    """Return the file of one of `PAINTINGS`, downloaded if it is not here, or an `ImageError`."""
    if (path := painting_path(name)).is_file():
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
