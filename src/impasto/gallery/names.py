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
    """A style that has a name; see `list_styles`."""

    name: str
    kind: str  # drawing, painting or own
    description: str
    here: bool  # whether its picture is on this machine
    tuned: bool  # whether a network tuned to it comes with the package


def list_styles() -> Iterator[Style]:
    """Yield all styles that have names; those whose name the user took are `gallery:NAME`."""
    own = own_styles()
    known = [(name, "drawing", said, True) for name, said in DRAWINGS.items()]
    for name, painting in PAINTINGS.items():
        known.append((name, "painting", painting.description, painting_path(name).is_file()))
    for name, kind, description, here in known:
        called = f"{PREFIX}{name}" if name in own else name
        yield Style(called, kind, description, here, tuned_network(name) is not None)
    for name, path in own.items():
        yield Style(name, "own", str(path), here=True, tuned=False)


def is_taken(name: str) -> bool:
    """Tell whether a drawing or a painting has this name, so that `gallery:` means it."""
    return name in DRAWINGS or name in PAINTINGS


def open_style(name: str, max_size: int | None = None) -> Picture:
    """Open the picture of a named style, its longest side at most `max_size` pixels.

    A style that does not exist, or a painting that cannot be downloaded, is an `ImageError`.

    Examples:
        >>> open_style("mosaic", 64).size
        (64, 64)
    """
    return open_picture(style_path(name), max_size=max_size)


def style_path(name: str) -> Path:
    """Return the file of a named style; a painting is downloaded first.

    The user's own styles come first; with `gallery:` before a name, drawings and paintings do.
    What is raised is that of `open_style`.
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
    which `gallery:mosaic` always means. What is raised is that of `open_style`.
    """
    if not isinstance(source, str):
        return source
    named = source.startswith(PREFIX) or not _is_file(source)
    return style_path(source) if named else source


def gallery_name(source: Source) -> str | None:
    """Return the name of the drawing or painting that a source means, or None."""
    if not isinstance(source, str):
        return None
    name = source.removeprefix(PREFIX)
    is_other = name == source and (_is_file(source) or name in own_styles())
    return name if is_taken(name) and not is_other else None


def read_styles(sources: Sources) -> list[Source]:
    """Return style pictures: named ones as files, those that can be read only once as bytes."""
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
