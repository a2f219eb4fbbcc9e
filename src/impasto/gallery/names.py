"""Styles by name: what the project draws, well-known paintings, and the user's own pictures."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from glob import has_magic
from pathlib import Path
from typing import NamedTuple

from impasto.errors import ImageError
from impasto.files import replacing
from impasto.gallery import DRAWINGS, draw
from impasto.gallery.own import own_styles
from impasto.gallery.paintings import PAINTINGS, fetch_painting, place_of
from impasto.images import Source, Sources, read_source, source_list
from impasto.version import __version__
from impasto.weights.folders import home_folder
from impasto.weights.tuned import tuned_network

#: Before a name: the gallery is meant, whatever files there are.
PREFIX = "gallery:"
#: Side of the drawings that are painted like, in pixels.
DRAWN_SIZE = 1024


class Style(NamedTuple):
    """A style that has a name.

    Attributes:
        name: The name.
        kind: `drawing`, `painting` or `own`.
        description: A line about it.
        here: Whether its picture can be had without the network.
        tuned: Whether method fast comes tuned to it.
    """

    name: str
    kind: str
    description: str
    here: bool
    tuned: bool = False


def list_styles() -> Iterator[Style]:
    """Yield all styles that have names."""
    for name, drawing in DRAWINGS.items():
        yield Style(name, "drawing", drawing.description, True, _is_tuned(name))
    for name, painting in PAINTINGS.items():
        here = place_of(name).is_file()
        yield Style(name, "painting", painting.description, here, _is_tuned(name))
    for name, path in own_styles().items():
        if not is_taken(name):
            yield Style(name, "own", str(path), True)


def _is_tuned(name: str) -> bool:
    return tuned_network(name) is not None


def is_taken(name: str) -> bool:
    """Tell whether a name is the gallery's own, which no other picture can have."""
    return name in DRAWINGS or name in PAINTINGS


def find_style(source: Source) -> Source:
    """Return the file of a style that is given by name, and anything else as it is.

    A file that exists comes before a name; `gallery:mosaic` is always the gallery's.

    Args:
        source: A name, or whatever `impasto.images.open_picture` takes.

    Raises:
        ImageError: A name that there is not, or a painting that cannot be downloaded.
    """
    if not isinstance(source, str):
        return source
    if source.startswith(PREFIX):
        return _named(source.removeprefix(PREFIX))
    return source if _is_file(source) else _named(source)


def gallery_name(source: Source) -> str | None:
    """Return the name of the drawing or painting of the gallery that is meant, if one is."""
    if not isinstance(source, str):
        return None
    name = source.removeprefix(PREFIX)
    return name if is_taken(name) and (name != source or not _is_file(source)) else None


def read_styles(sources: Sources) -> list[Source]:
    """Return style pictures, those given by name as files, what can be read only once as bytes.

    Raises:
        ImageError: As `find_style`, or something cannot be read.
    """
    return [read_source(find_style(source)) for source in source_list(sources)]


def _is_file(source: str) -> bool:
    """Tell whether a text means a file: the pipe, one that is there, or what looks like one."""
    if source == "-" or len(Path(source).parts) != 1:
        return True
    try:
        if Path(source).exists():
            return True
    except OSError:  # too long a name; opening it will say so
        return True
    looks = bool(Path(source).suffix) or has_magic(source)
    return looks and source not in own_styles()


def _named(name: str) -> Path:
    if name in DRAWINGS:
        return drawn(name)
    if name in PAINTINGS:
        return fetch_painting(name)
    own = own_styles()
    if name in own:
        return own[name]
    alike = difflib.get_close_matches(name, [*DRAWINGS, *PAINTINGS, *own], 1)
    guess = f" (did you mean {alike[0]}?)" if alike else ""
    raise ImageError(f"there is no file and no style {name!r}{guess}: see `impasto styles`")


def drawn(name: str, size: int = DRAWN_SIZE) -> Path:
    """Return the file of a drawing, drawn when it is first used.

    Args:
        name: One of `DRAWINGS`.
        size: Its side in pixels.

    Raises:
        ImageError: It cannot be saved.
    """
    path = home_folder() / "drawings" / f"{__version__} {size}" / f"{name}.png"
    if path.is_file():
        return path
    try:
        with replacing(path) as part:
            part.write_bytes(draw(name, size).encode("png"))
    except OSError as error:
        raise ImageError(
            f"{path} cannot be written ({error.strerror or error}): make room, or set IMPASTO_HOME "
            "to another folder"
        ) from error
    return path
