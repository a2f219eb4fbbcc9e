"""What is painted like what, and what the results are called."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.errors import ImageError
from impasto.files import address_advice
from impasto.images import is_picture_name, output_name

#: Names without suffix that the sheets and the journal have.
RESERVED = ("sheet", "batch")


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
    found: dict[Path, None] = {}
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
        found.update(dict.fromkeys(some))
    return list(found)


def _is_shown(path: Path, folder: Path, without: Path | None) -> bool:
    if any(part.startswith(".") for part in path.relative_to(folder).parts):
        return False
    left_out = without is not None and path.resolve().is_relative_to(without.resolve())
    return is_picture_name(path) and path.is_file() and not left_out


def make_pairs(
    contents: Sequence[Path], styles: Sequence[Path], suffix: str, method: str = ""
) -> list[Pair]:
    """Name the result of each content in each style; no two names are alike on any file system.

    Results have a suffix like `.png`. Without styles, they are named after the method, which knows
    its own.
    """
    looks: list[tuple[int | None, str]] = list(enumerate(_labels(styles))) or [(None, method)]
    pairs, taken = [], set(RESERVED)
    for content, label in zip(contents, _labels(contents), strict=True):
        for style, look in looks:
            stem = name = output_name(label, [look])
            number = 1
            while name.lower() in taken:
                number += 1
                name = f"{stem}-{number}"
            taken.add(name.lower())
            pairs.append(Pair(content, style, name + suffix))
    return pairs


def _labels(paths: Sequence[Path]) -> list[str]:
    """Return the files' names, with those of their folders where that tells two apart."""
    count = Counter(path.stem.lower() for path in paths)
    return [
        path.name if count[path.stem.lower()] == 1 else f"{path.resolve().parent.name}-{path.name}"
        for path in paths
    ]


def make_folder(folder: Path) -> None:
    """Make a folder for results, or raise an `ImageError`; it may be there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"{folder} cannot be made ({error.strerror}): name another") from error
