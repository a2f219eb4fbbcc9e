"""Styles by name: bundled drawings, well-known paintings, and the user's own pictures."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from glob import has_magic
from pathlib import Path
from typing import NamedTuple

from impasto.errors import ImageError
from impasto.files import address_advice
from impasto.gallery.drawings import DRAWINGS, drawing_path
from impasto.gallery.own import own_styles
from impasto.gallery.paintings import PAINTINGS, fetch_painting, painting_path
from impasto.images import Picture, Source, Sources, open_picture, read_source, source_list
from impasto.weights.tuned import tuned_network

#: Put before a name, it means that style of the gallery, whatever else has the name.
PREFIX = "gallery:"


class Style(NamedTuple):
    """A style that has a name.

    Attributes:
        name: The name.
        kind: `drawing`, `painting` or `own`.
        description: One line about it.
        here: Whether its picture is on this machine.
        tuned: Whether a network tuned to it comes with the package.
    """

    name: str
    kind: str
    description: str
    here: bool
    tuned: bool = False


def list_styles() -> Iterator[Style]:
    """Yield all styles that have names; those whose name the user took are `gallery:NAME`."""
    own = own_styles()

    def named(name: str) -> str:
        return f"{PREFIX}{name}" if name in own else name

    for name, description in DRAWINGS.items():
        yield Style(named(name), "drawing", description, True, tuned_network(name) is not None)
    for name, painting in PAINTINGS.items():
        here, tuned = painting_path(name).is_file(), tuned_network(name) is not None
        yield Style(named(name), "painting", painting.description, here, tuned)
    for name, path in own.items():
        yield Style(name, "own", str(path), True)


def is_taken(name: str) -> bool:
    """Tell whether a drawing or a painting has this name, so that `gallery:` means it."""
    return name in DRAWINGS or name in PAINTINGS


def open_style(name: str, max_size: int | None = None) -> Picture:
    """Open the picture of a named style.

    Args:
        name: One of `impasto styles`.
        max_size: The longest side in pixels; smaller pictures stay as they are.

    Raises:
        ImageError: There is no such style, or it is a painting that cannot be downloaded.

    Examples:
        >>> open_style("mosaic", 64).size
        (64, 64)
    """
    return open_picture(style_path(name), max_size=max_size)


def style_path(name: str) -> Path:
    """Return the file of a named style; a painting is downloaded first.

    The user's own styles come first; with `gallery:` before a name, drawings and paintings do.

    Raises:
        ImageError: As `open_style`.
    """
    own, asked = own_styles(), name
    name = name.removeprefix(PREFIX)
    if name in own and not (name != asked and is_taken(name)):
        return own[name]
    if name in DRAWINGS:
        return drawing_path(name)
    if name in PAINTINGS:
        return fetch_painting(name)
    if advice := address_advice(name):
        raise ImageError(advice)
    similar = difflib.get_close_matches(name, [*DRAWINGS, *PAINTINGS, *own], 1)
    guess = f" (did you mean {similar[0]}?)" if similar else ""
    raise ImageError(f"there is no file and no style {name!r}{guess}: see `impasto styles`")


def find_style(source: Source) -> Source:
    """Return the file of a style that is given by name, and anything else unchanged.

    An existing file takes precedence over a name, and the user's own style over one of the gallery,
    which `gallery:mosaic` always means.

    Raises:
        ImageError: As `open_style`.
    """
    if not isinstance(source, str):
        return source
    if source.startswith(PREFIX):
        return style_path(source)
    return source if _is_file(source) else style_path(source)


def gallery_name(source: Source) -> str | None:
    """Return the name of the drawing or painting that a source means, or None."""
    if not isinstance(source, str):
        return None
    name = source.removeprefix(PREFIX)
    is_other = name == source and (_is_file(source) or name in own_styles())
    return name if is_taken(name) and not is_other else None


def read_styles(sources: Sources) -> list[Source]:
    """Return style pictures: named ones as files, those that can be read only once as bytes.

    Raises:
        ImageError: As `open_style`, or something cannot be read.
    """
    return [read_source(find_style(source)) for source in source_list(sources)]


def _is_file(source: str) -> bool:
    """Tell whether a text means a file: the standard input, one that exists or looks like one."""
    if source == "-" or len(Path(source).parts) != 1:
        return True
    try:
        if Path(source).exists():
            return True
    except OSError:  # the name is too long; opening the file will say so
        return True
    looks = bool(Path(source).suffix) or has_magic(source)
    return looks and source not in own_styles()
