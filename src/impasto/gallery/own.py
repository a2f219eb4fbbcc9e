"""The user's own folders of style pictures."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from impasto.errors import ImageError
from impasto.files import replacing
from impasto.images import is_picture_name
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
            for path in _pictures(folder):
                found.setdefault(path.stem, path)
    return found


def add_folder(folder: Path) -> list[str]:
    """Add a folder of style pictures, and return the names of its styles.

    Raises:
        ImageError: It is not a folder, cannot be read, has no pictures, or the list of folders
            cannot be written.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder} is not a folder: name one with style pictures in it")
    try:
        names = list(dict.fromkeys(path.stem for path in _pictures(folder)))
    except OSError as error:
        raise ImageError(f"{folder} cannot be read: {error.strerror or error}") from error
    if not names:
        raise ImageError(f"there are no pictures in {folder}: name the folder that has them")
    folder = folder.resolve()
    _write([*(each for each in own_folders() if each != folder), folder])
    return names


def remove_folder(folder: Path) -> None:
    """Take a folder off the list; its pictures stay where they are.

    Raises:
        ImageError: It is not on the list, or the list cannot be written.
    """
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


def _pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder, without hidden files that systems put beside them."""
    shown = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return sorted(path for path in shown if is_picture_name(path) and path.is_file())


def _write(folders: list[Path]) -> None:
    target = _list_file()
    try:
        with replacing(target) as part:
            text = "".join(f"{folder}\n" for folder in folders)
            part.write_bytes(text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise ImageError(f"{target} cannot be written: {error.strerror or error}") from error
