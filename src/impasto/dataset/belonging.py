"""What belongs to a picture by its name or lists it, and what the copies of both are called."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import ne
from pathlib import PurePosixPath
from typing import Any

#: The column of lists of pictures, as ImageFolder has them, with the pictures' names.
_NAME = "file_name"


class Belonging:
    """How often a file is copied that is not painted itself: as often as the picture it is of.

    That has the same path but for the suffix; or for one folder, where the file's own has no
    pictures (`labels` for `images`, `Annotations` for `JPEGImages`); or, for files of a folder of
    label maps, a path that ends as the file's does below that folder, but for what follows its last
    `_` or `-` (`1_mask.png`).
    """

    def __init__(self, also: Sequence[str], copies: Mapping[str, int]) -> None:
        self._folders = tuple(f"{folder.strip('/')}/" for folder in also)
        self._exact = {parts_of(path)[0]: count for path, count in copies.items()}
        self._pictures = {tuple(path.split("/")[:-1]) for path in copies}
        self._beside = lru_cache(None)(self._siblings)
        self._tails: dict[str, int] = {}
        for stem, count in self._exact.items():
            parts = stem.split("/")
            for start in range(len(parts)):
                tail = "/".join(parts[start:])
                self._tails[tail] = max(count, self._tails.get(tail, 1))

    def __call__(self, path: str) -> list[str]:
        """Return the paths of all copies of a file, named as the picture's are."""
        stem, _ = parts_of(path)
        for folder in self._folders:
            if stem.startswith(folder):
                return self._of_picture(path, [len(folder)]) or [path]
        *folders, name = stem.split("/")
        beside = ("/".join((*other, name)) for other in self._beside(tuple(folders)))
        count = self._exact.get(stem) or max((self._exact.get(s, 1) for s in beside), default=1)
        return copies_of(path, count)

    def of_map(self, path: str) -> list[str]:
        """Return the paths of the copies of a label map; none: it belongs to no picture."""
        return self._of_picture(path, [0, *(each.end() for each in re.finditer("/", path))])

    def _of_picture(self, path: str, starts: Iterable[int]) -> list[str]:
        """Return the paths of a file's copies, one for each result of its picture, if it has one.

        The part of the path in common begins at one of `starts`.
        """
        stem, _ = parts_of(path)
        name = stem.rfind("/") + 1
        marks = [each.start() for each in re.finditer("[_.-]", stem) if each.start() > name]
        for start in starts:
            for end in (len(stem), *reversed(marks)):
                if (count := self._tails.get(stem[start:end])) is not None:
                    copies = range(2, count + 1)
                    return [path, *(f"{path[:end]}-{copy}{path[end:]}" for copy in copies)]
        return []

    def _siblings(self, folder: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the folders of pictures that differ from one without in one place."""
        if folder in self._pictures:
            return []
        alike = (other for other in self._pictures if len(other) == len(folder))
        return [other for other in alike if sum(map(ne, folder, other)) == 1]


def copied(path: str, copy: int) -> str:
    """Return the path of a result: the picture's own, with a number from the second on."""
    stem, suffix = parts_of(path)
    return path if copy == 1 else f"{stem}-{copy}{suffix}"


def copies_of(path: str, count: int) -> list[str]:
    """Return the paths of all results of a picture."""
    return [copied(path, copy) for copy in range(1, count + 1)]


def parts_of(path: str) -> tuple[str, str]:
    """Return a path without its suffix, and the suffix; `.nii.gz` is one."""
    suffix = path[-7:] if path.lower().endswith(".nii.gz") else PurePosixPath(path).suffix
    return path.removesuffix(suffix), suffix


def is_metadata(path: str) -> bool:
    """Tell whether a file lists pictures, in their folder or above it."""
    return path.rpartition("/")[2] in ("metadata.csv", "metadata.jsonl")


def with_copies(content: bytes, path: str, copies: Mapping[str, Sequence[str]]) -> bytes:
    """Return a list of pictures, read from a path, with a line for each result of each picture.

    Copies are the paths of the results by that of the picture.
    """
    folder, text = PurePosixPath(path).parent, content.decode("utf-8-sig")

    def rows_of(row: dict[str, Any]) -> list[dict[str, Any]]:
        found = copies.get(str(folder / row[_NAME]), [])
        names = [str(PurePosixPath(each).relative_to(folder)) for each in found]
        return [{**row, _NAME: name} for name in names or [row[_NAME]]]

    if path.endswith(".csv"):
        reader, made = csv.DictReader(io.StringIO(text)), io.StringIO()
        if _NAME not in (reader.fieldnames or ()):
            return content
        writer = csv.DictWriter(made, reader.fieldnames or (), lineterminator="\n")
        writer.writeheader()
        for row in reader:
            writer.writerows(rows_of(row))
        return made.getvalue().encode()
    lines: list[str] = []
    # Not by splitlines(), which also splits within texts.
    for line in filter(str.strip, text.split("\n")):
        row = json.loads(line)
        lines += map(json.dumps, rows_of(row)) if _NAME in row else [line.rstrip("\r")]
    return "".join(f"{line}\n" for line in lines).encode()
