"""Pairs of content and style: finding the pictures, naming the results."""

import glob
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, count, product
from pathlib import Path
from typing import NamedTuple

from impasto.errors import ImageError, ImpastoError
from impasto.files import address_advice, fingerprint
from impasto.images import is_picture_name, output_name

#: Names without suffix that the sheets and the journal have.
RESERVED = ("sheet", "batch")


class Pair(NamedTuple):
    """One picture to be made."""

    content: Path
    style: int | None  # its number, from 0; None where the method knows its own
    name: str  # path of the result, below the folder of all results
    key: str = ""  # identifies the pair: made of the paths of its pictures


class Outcome(NamedTuple):
    """The outcome of a pair."""

    pair: Pair
    path: Path | None  # of the result; None if it failed
    error: str | None = None  # why it failed, in one line
    again: bool = False  # whether the result was there from an earlier run


def find_pictures(named: Iterable[str], without: Path | None = None) -> dict[Path, str]:
    """Find pictures: files as they are, those of a folder and below it, and of a pattern (*.jpg).

    Pictures in the folder `without`, that of the results, are left out of those of another.

    Each is returned once, in the order of the names given, within a folder or pattern by name; and
    the path of its folder below the folder that was named, which is "." for others. ImageError: A
    name leads to nothing.
    """
    found: dict[str, tuple[Path, str]] = {}
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
        for each in some:
            below = each.parent.relative_to(path).as_posix() if path.is_dir() else "."
            found.setdefault(place_of(each), (each, below))
    return dict(found.values())


def _is_shown(path: Path, folder: Path, without: Path | None) -> bool:
    if any(part.startswith(".") for part in path.relative_to(folder).parts):
        return False
    left_out = without is not None and path.resolve().is_relative_to(without.resolve())
    return is_picture_name(path) and path.is_file() and not left_out


def make_pairs(
    contents: Mapping[Path, str],
    styles: Sequence[Path | str],
    suffix: str,
    method: str = "",
    made: Mapping[str, str] | None = None,
) -> list[Pair]:
    """Name the result of each content in each style: `photo-waves.jpg`, in the content's folder.

    Where two would have one name, the later content (by its path) keeps its own suffix,
    `photo.png-waves.jpg`, and what is still alike is numbered. Names do not depend on the order in
    which the pictures are given. Contents come with their folders, as `find_pictures` returns them;
    results have a suffix like `.png`, and are called after the method where it knows its style.
    Names that pairs have by their keys, as earlier runs `made` them, stay theirs.
    """
    style_names: dict[int | None, str] = {}
    taken: set[str] = set()
    for place in sorted(range(len(styles)), key=lambda place: str(styles[place])):
        style_names[place] = _free(_numbered(output_name(Path(styles[place]).name, [])), taken)
    style_names = style_names or {None: method}
    keys = {
        (c, n): fingerprint([place_of(c), method if n is None else place_of(Path(styles[n]))])
        for c, n in product(contents, range(len(styles)) if styles else [None])
    }
    names = {
        (content, number): name
        for (content, number), key in keys.items()
        if (name := (made or {}).get(key, "")).endswith(suffix)
        and Path(name).parent == Path(contents[content])
    }
    taken = {name.lower() for name in (made or {}).values()}
    for content, (number, style) in product(sorted(contents, key=place_of), style_names.items()):
        short = output_name(content.name, [style])
        whole = output_name(f"{content.name}-{style}{suffix}", [])
        paths = (
            (Path(contents[content]) / f"{name}{suffix}").as_posix()
            for name in chain([short, whole], _numbered(short))
        )
        if (content, number) not in names:
            names[content, number] = _free(paths, taken)
    return [Pair(*each, names[each], key) for each, key in keys.items()]


def _numbered(name: str) -> Iterable[str]:
    return chain([name], (f"{name}-{number}" for number in count(2)))


def _free(names: Iterable[str], taken: set[str]) -> str:
    """Take the first name that no other has; disks may take capital and small letters for one."""
    name = next(each for each in names if each.lower() not in taken)
    taken.add(name.lower())
    return name


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


def reason_of(error: Exception) -> str:
    """Return what an error says, in one line: names of files may have line breaks."""
    text = str(error).strip()
    line = text if isinstance(error, ImpastoError) else text.partition("\n")[0]
    return one_line(line) or type(error).__name__


def one_line(text: str) -> str:
    """Return a text for a terminal: line breaks and what commands a terminal are spaces."""
    return "".join(each if each.isprintable() else " " for each in text)
