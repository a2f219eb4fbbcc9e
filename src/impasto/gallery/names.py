"""Styles by name: bundled drawings, well-known paintings, and folders of the user's own."""

import difflib
import os
from collections.abc import Iterator
from contextlib import suppress
from glob import has_magic
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from impasto import images
from impasto.errors import ImageError
from impasto.files import address_advice, write_atomically
from impasto.gallery import catalogue
from impasto.gallery.catalogue import DRAWINGS, PAINTINGS
from impasto.images import Picture, Source, Sources
from impasto.images.formats import HEAD_BYTES, sniff
from impasto.weights.folders import expanded

#: Put before a name, it means that style of the gallery, whatever else has the name.
PREFIX = "gallery:"


class Style(NamedTuple):
    """A style that has a name; see `list_styles`."""

    name: str
    kind: str  # drawing, painting or own
    description: str
    here: bool  # whether its picture is on this machine


def list_styles() -> Iterator[Style]:
    """Yield all styles that have names; those whose name the user took are `gallery:NAME`."""
    own = own_styles()
    known = [(name, "drawing", said, True) for name, said in DRAWINGS.items()]
    for name, painting in PAINTINGS.items():
        here = catalogue.painting_path(name).is_file()
        known.append((name, "painting", painting.description, here))
    for name, kind, description, here in known:
        called = f"{PREFIX}{name}" if name in own else name
        yield Style(called, kind, description, here)
    for name, path in own.items():
        yield Style(name, "own", str(path), here=True)


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
    return images.open_picture(style_path(name), max_size=max_size)


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
        return catalogue.drawing_path(name)
    if name in PAINTINGS:
        return catalogue.fetch_painting(name)
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
    return style_path(source) if source.startswith(PREFIX) or not _is_file(source) else source


def read_styles(sources: Sources) -> list[Source]:
    """Return style pictures: named ones as files, those that can be read only once as bytes."""
    return [images.read_source(find_style(source)) for source in images.source_list(sources)]


def _is_file(source: str) -> bool:
    """Tell whether a text means a file: the standard input, one that exists or looks like one."""
    if source == "-" or len(Path(source).parts) != 1:
        return True
    try:
        if Path(source).exists():
            return True
    except OSError:  # the name is too long; opening the file will say so
        return True
    return bool(Path(source).suffix or has_magic(source)) and source not in own_styles()


def own_folders() -> list[Path]:
    """Return the folders that were added, in order, including those that no longer exist."""
    try:
        text = _list_file().read_text("utf-8", "surrogateescape")
    except OSError:
        return []
    return [Path(line) for line in text.split("\n") if line]


def own_styles() -> dict[str, Path]:
    """Return the pictures in those folders by the stems of their names; the first of a name wins.

    A folder that cannot be read has none.
    """
    found: dict[str, Path] = {}
    for folder in own_folders():
        with suppress(OSError):
            for name, path in _sorted_out(folder)[0].items():
                found.setdefault(name, path)
    return found


def add_folder(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Add a folder; return the names of its styles, and why each other file is none, by its name.

    ImageError: It is not a folder, cannot be read, has no pictures, or cannot be noted.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder} is not a folder: name one with style pictures in it")
    try:
        styles, left_out = _sorted_out(folder)
    except OSError as error:
        raise ImageError(f"{folder} cannot be read: {error.strerror or error}") from error
    if not styles:
        said = "".join(f"; {name} {reason}" for name, reason in islice(left_out.items(), 3))
        raise ImageError(f"there are no pictures in {folder}: name the folder that has them{said}")
    folder = folder.resolve()
    if "\n" in str(folder):
        raise ImageError(f"{str(folder)!r} has a line break in its name: rename it")
    _write([*(each for each in own_folders() if each != folder), folder])
    return list(styles), left_out


def remove_folder(folder: Path) -> None:
    """Take a folder off the list, or raise ImageError; its pictures stay where they are."""
    folders = own_folders()
    left = [each for each in folders if each not in (folder, folder.resolve())]
    if len(left) == len(folders):
        there = ", ".join(map(str, folders)) or "none"
        raise ImageError(f"{folder} was not added; these folders were: {there}")
    _write(left)


def _list_file() -> Path:
    """Return the file that lists the folders, in ``IMPASTO_HOME`` or the user's settings."""
    if home := os.environ.get("IMPASTO_HOME"):
        return expanded(home) / "styles.txt"
    from platformdirs import user_config_path

    return user_config_path("impasto", appauthor=False) / "styles.txt"


def _sorted_out(folder: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """Return a folder's styles, and why each other file is none, by its name.

    Hidden files, which systems put beside pictures, and folders are not mentioned.
    """
    styles: dict[str, Path] = {}
    left_out: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_dir():
            continue
        trouble = _trouble(path)
        if not trouble and path.stem in styles:
            trouble = f"has the name of {styles[path.stem].name}"
        if trouble:
            left_out[path.name] = trouble
        else:
            styles[path.stem] = path
    return styles, left_out


def _trouble(path: Path) -> str:
    """Return in a few words why a file is no picture that can be read, or ""."""
    if not images.is_picture_name(path):
        return "is no picture"
    if not path.is_file():
        return "is no regular file"
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not head:
        return "is empty"
    return "" if sniff(head) else "is no picture, whatever its name says"


def _write(folders: list[Path]) -> None:
    lines = "".join(f"{folder}\n" for folder in folders)
    write_atomically(_list_file(), lines.encode("utf-8", "surrogateescape"), overwrite=True)
