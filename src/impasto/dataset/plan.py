"""What is to be made of each file of a data set: a matter of its path and the seed."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import ne
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from impasto.errors import ImageError, SettingsError
from impasto.images import is_picture_name
from impasto.settings import Settings

#: Pictures that need a library of their own.
MEDICAL = (".dcm", ".nii", ".nii.gz")
SHARD = ".tar"


@dataclass(frozen=True)
class DatasetOptions:
    """Everything that decides what becomes of a data set; two equal ones make equal files.

    Attributes:
        settings: How pictures are painted; `strength` and `size` are this class's own matter.
        copies: Results of each picture.
        strength: Least and most strength; each result has one of its own between them.
        seed: Of every choice.
        also: Folders of the data set whose files are never painted: label maps. In shards, too,
            what follows the key of a sample: `seg.png`.
        balance: Whether pictures of rare classes (folders) get more copies, so that all classes
            have as many.
        splits: Top folder -> its part of the styles; no other folder's pictures get those.
        quality: Of JPEG, WebP and AVIF, from 1 to 100.

    Raises:
        SettingsError: Something is out of range.
    """

    settings: Settings = field(default_factory=lambda: Settings(method="fast"))
    copies: int = 1
    strength: tuple[float, float] = (1.0, 1.0)
    seed: int = 0
    also: tuple[str, ...] = ()
    balance: bool = False
    splits: Mapping[str, float] = field(default_factory=dict)
    quality: int = 95

    def __post_init__(self) -> None:
        low, high = self.strength
        parts = all(0 < part < 1 for part in self.splits.values()) and self.part <= 1
        rules = {
            "copies is at least 1": self.copies >= 1,
            "strength is from 0 to 1, the least first": 0 <= low <= high <= 1,
            "a split's part of the styles is above 0, all together at most 1": parts,
            "quality is from 1 to 100": 1 <= self.quality <= 100,
        }
        for rule, kept in rules.items():
            if not kept:
                raise SettingsError(rule)

    @property
    def part(self) -> float:
        """Part of the styles that all splits have together; sums of floats are a little off."""
        return round(sum(self.splits.values()), 9)

    def to_dict(self) -> dict[str, Any]:
        """Return all options as JSON-able values."""
        return {**vars(self), "settings": self.settings.to_dict(), "splits": dict(self.splits)}


class Task(NamedTuple):
    """One result to be made.

    Attributes:
        source: Relative path of the picture, or of the member of a shard.
        copy: Which of its results, from 1.
        path: Relative path of the result.
        style: Number of the style; None: nothing is painted, the file is copied.
        strength: How strongly.
        seed: Of everything random in it.
    """

    source: str
    copy: int
    path: str
    style: int | None
    strength: float = 1.0
    seed: int = 0


class Planner:
    """Decides what becomes of pictures; the fingerprints of styles decide whose split they are in.

    Raises:
        ImageError: A split is left without styles.
    """

    def __init__(self, options: DatasetOptions, styles: Sequence[str]) -> None:
        self.options = options
        self._pools = _split(options, styles)

    def chosen(self, source: str, copy: int) -> Task:
        """Return the task of one of a picture's results; the first copy is number 1."""
        digest = _hash(self.options.seed, source, copy)
        parts = [int.from_bytes(digest[at : at + 8], "big") for at in (0, 8, 16)]
        pool = self._pools[split_of(source, self.options.splits)]
        if not pool:
            raise ImageError(f"the splits leave no styles for {source}: give them less than all")
        low, high = self.options.strength
        strength = low + (high - low) * parts[1] / 2**64
        style = pool[parts[0] % len(pool)]
        return Task(source, copy, copied(source, copy), style, round(strength, 6), parts[2] % 2**31)

    def is_picture(self, path: str) -> bool:
        """Tell whether a file is to be painted."""
        kept = any(is_in(path, folder) for folder in self.options.also)
        return not kept and (is_picture_name(path) or path.lower().endswith(MEDICAL))

    def tasks(self, files: Sequence[str]) -> list[Task]:
        """Return all that is to be made of a tree of files.

        What is not painted is copied; what belongs to a picture by its name (labels, masks, boxes)
        as often as that has results.

        Raises:
            ImageError: There are no pictures, or two results would have the same name.
        """
        self.check_splits(files)
        for folder in self.options.also:  # its masks would be painted
            if not any(is_in(path, folder) for path in files):
                raise ImageError(f"there are no files in {folder} of the data set: see its name")
        pictures = [path for path in files if self.is_picture(path)]
        if not pictures:
            raise ImageError("there are no pictures in the data set: name another folder")
        copies = self._copies(pictures)
        tasks = [self.chosen(path, k + 1) for path in pictures for k in range(copies[path])]
        painted, belonging = set(pictures), _Belonging(self.options.also, copies)
        for path in files:
            if path not in painted:
                names = enumerate(belonging(path), 1)
                tasks += [Task(path, copy, name, None) for copy, name in names]
        check_names(task.path for task in tasks)
        return tasks

    def check_splits(self, files: Sequence[str]) -> None:
        """Raise an `ImageError` for a split that no file is in: its styles would be lost."""
        for name in self.options.splits:
            if not any(split_of(path, (name,)) for path in files):
                raise ImageError(f"there are no files in {name} of the data set: see its name")

    def _copies(self, pictures: Sequence[str]) -> dict[str, int]:
        """Return how many results each picture has."""
        copies = self.options.copies
        if not self.options.balance:
            return dict.fromkeys(pictures, copies)
        classes: dict[str, list[str]] = defaultdict(list)
        for path in pictures:
            classes[str(PurePosixPath(path).parent)].append(path)
        wanted = copies * max(map(len, classes.values()))
        found = {}
        for paths in classes.values():
            each, more = divmod(wanted, len(paths))
            ranked = sorted(paths, key=lambda path: _hash(self.options.seed, path))
            found.update({path: each + (rank < more) for rank, path in enumerate(ranked)})
        return found


class _Belonging:
    """How often a file is copied that is not painted itself: as often as the picture it is of.

    That has the same path but for the suffix; or for one folder, where the file's own has no
    pictures (`labels` for `images`, `Annotations` for `JPEGImages`); or, for files of a folder of
    label maps, a path that ends as the file's does below that folder, but for what follows its last
    `_` or `-` (`1_mask.png`).
    """

    def __init__(self, also: Sequence[str], copies: Mapping[str, int]) -> None:
        self._folders = tuple(f"{folder.strip('/')}/" for folder in also)
        self._exact = {_parts(path)[0]: count for path, count in copies.items()}
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
        stem, _ = _parts(path)
        for folder in self._folders:
            if stem.startswith(folder):
                return self._of_map(path, stem, len(folder))
        *folders, name = stem.split("/")
        beside = ("/".join((*other, name)) for other in self._beside(tuple(folders)))
        count = self._exact.get(stem) or max((self._exact.get(s, 1) for s in beside), default=1)
        return [copied(path, copy) for copy in range(1, count + 1)]

    def _of_map(self, path: str, stem: str, start: int) -> list[str]:
        """Return the paths of the copies of a label map, whose folder's name ends at `start`."""
        name = stem.rfind("/") + 1
        marks = [each.start() for each in re.finditer("[_-]", stem) if each.start() > name]
        for end in (len(stem), *reversed(marks)):
            count = self._tails.get(stem[start:end])
            if count is not None:
                more = range(2, count + 1)
                return [path, *(f"{path[:end]}-{copy}{path[end:]}" for copy in more)]
        return [path]

    def _siblings(self, folder: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the folders of pictures that differ from one without in one place."""
        if folder in self._pictures:
            return []
        alike = (other for other in self._pictures if len(other) == len(folder))
        return [other for other in alike if sum(map(ne, folder, other)) == 1]


def check_names(paths: Iterable[str]) -> None:
    """Raise an `ImageError` where one result would replace another."""
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if twice:
        raise ImageError(f"two results would be called {twice[0]}: rename a file")


def split_of(path: str, splits: Collection[str]) -> str:
    """Return the split of a file, "" if it is in none: its top folder's, or its shard's.

    Shards of several splits often lie in one folder: `val-0001.tar` is of `val`.
    """
    top, slash, _ = path.partition("/")
    if slash and top in splits:
        return top
    if not top.endswith(SHARD):
        return ""
    found = [name for name in splits if re.match(rf"{re.escape(name)}(?![A-Za-z])", top)]
    return max(found, key=len, default="")


def copied(path: str, copy: int) -> str:
    """Return the path of a result: the picture's own, with a number from the second on."""
    stem, suffix = _parts(path)
    return path if copy == 1 else f"{stem}-{copy}{suffix}"


def is_in(path: str, folder: str) -> bool:
    """Tell whether a file lies in a folder."""
    return path.startswith(f"{folder.strip('/')}/")


def _parts(path: str) -> tuple[str, str]:
    """Return a path without its suffix, and the suffix; `.nii.gz` is one."""
    suffix = path[-7:] if path.lower().endswith(".nii.gz") else PurePosixPath(path).suffix
    return path.removesuffix(suffix), suffix


def _hash(*values: object) -> bytes:
    """Return what stands for chance: the same for the same values."""
    return hashlib.sha256("\0".join(map(str, values)).encode()).digest()


def _split(options: DatasetOptions, styles: Sequence[str]) -> dict[str, list[int]]:
    """Return the numbers of the styles of each split; those of all other folders under ""."""
    if not styles:
        raise ImageError("give style pictures: impasto dataset FOLDER STYLES")
    ranked = sorted(range(len(styles)), key=lambda number: styles[number])
    pools: dict[str, list[int]] = {}
    for name, part in options.splits.items():
        count = max(1, round(part * len(styles)))
        pools[name], ranked = ranked[:count], ranked[count:]
    pools[""] = ranked
    # Where the splits name all styles, there are none for other folders.
    if (not ranked and options.part < 1) or not all(pools[name] for name in options.splits):
        raise ImageError(f"{len(styles)} styles are too few for these splits: give more")
    return pools
