"""What is painted like what, and what the results are called."""

from __future__ import annotations

import base64
import glob
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from impasto.errors import ImageError
from impasto.files import address_advice
from impasto.images import is_picture_name, output_name

#: Names without suffix that the sheets and the journal have.
RESERVED = ("sheet", "batch")
#: Letters and digits that end a name.
TAG = 8


@dataclass(frozen=True)
class Pair:
    """One picture to be made.

    Attributes:
        content: The picture to paint.
        style: Number of the style, from 0; None where the method knows its own.
        name: File name of the result.
    """

    content: Path
    style: int | None
    name: str


def find_pictures(named: Iterable[str], without: Path | None = None) -> list[Path]:
    """Find pictures: files as they are, those of a folder and below it, and of a pattern (*.jpg).

    Args:
        named: Files, folders and patterns.
        without: A folder whose pictures are left out of those of another: that of the results.

    Returns:
        Each once, in the order of the names given, within a folder or pattern by name.

    Raises:
        ImageError: A name leads to nothing.
    """
    found: dict[str, Path] = {}
    for name in named:
        path = Path(name)
        if path.is_dir():
            some = [each for each in sorted(path.rglob("*")) if _is_shown(each, path, without)]
        elif path.exists() or not glob.has_magic(name):
            some = [path]
        else:
            matches = glob.glob(name, recursive=True)  # noqa: PTH207 (a pattern of a whole path)
            some = [Path(match) for match in sorted(matches)]
        if not some:
            advice = f"there are no pictures in {name}: name another folder or pattern"
            raise ImageError(address_advice(name) or advice)
        for path in some:
            found.setdefault(place_of(path), path)
    return list(found.values())


def _is_shown(path: Path, folder: Path, without: Path | None) -> bool:
    if any(part.startswith(".") for part in path.relative_to(folder).parts):
        return False
    left_out = without is not None and path.resolve().is_relative_to(without.resolve())
    return is_picture_name(path) and path.is_file() and not left_out


def make_pairs(
    contents: Sequence[Path],
    styles: Sequence[Path | str],
    suffix: str,
    method: str = "",
) -> list[Pair]:
    """Name the result of each content in each style, as `result_name` does.

    Results have a suffix like `.png`. Without styles, they are named after the method, which knows
    its own.
    """
    looks: list[tuple[int | None, Path | str]] = list(enumerate(styles)) or [(None, method)]
    return [
        Pair(content, style, result_name(content, look) + suffix)
        for content in contents
        for style, look in looks
    ]


def result_name(content: Path, look: Path | str) -> str:
    """Name a result, without a suffix: content, style and a tag, `photo-waves-ab3de5gh`.

    It follows from these two alone, so that it stays when other pictures come or go. The tag is of
    their whole paths: pictures that differ in the folder or the suffix only have different ones.

    Args:
        content: A picture.
        look: A style picture, or the name of a style or a method.
    """
    places = "\0".join(
        each if isinstance(each, str) else place_of(each) for each in (content, look)
    )
    digest = hashlib.sha256(places.encode(errors="surrogateescape")).digest()
    tag = base64.b32encode(digest)[:TAG].decode().lower()
    return f"{output_name(content.name, [Path(look).name])}-{tag}"


def place_of(path: Path) -> str:
    """Return the whole path of a file, whichever way its folder is named."""
    return os.path.join(_real(str(path.parent)), path.name)  # noqa: PTH118 (twice as fast)


_real = lru_cache(256)(os.path.realpath)


def make_folder(folder: Path) -> None:
    """Make a folder for results, or raise an `ImageError`; it may be there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"{folder} cannot be made ({error.strerror}): name another") from error
