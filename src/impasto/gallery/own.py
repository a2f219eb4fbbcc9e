"""The user's own folders of style pictures."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from impasto.errors import ImageError
from impasto.files import write_atomically
from impasto.images import is_picture_name
from impasto.images.formats import HEAD_BYTES, sniff
from impasto.weights.folders import expanded


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

    Raises:
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
    if not is_picture_name(path):
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
