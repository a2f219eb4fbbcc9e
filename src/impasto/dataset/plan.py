"""What is to be made of each file of a data set: a matter of its path and the seed."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from impasto.dataset.belonging import Belonging, copied, copies_of, parts_of
from impasto.dataset.labels import JPEG, LOSSLESS, may_be_map
from impasto.dataset.stores import MOST
from impasto.errors import ImageError, SettingsError
from impasto.images import is_picture_name
from impasto.settings import Settings

#: Pictures that need a library of their own.
MEDICAL = (".dcm", ".nii", ".nii.gz")
SHARD = ".tar"
_NOT_THERE = "there are no files in {} of the data set: see its name"


@dataclass(frozen=True)
class DatasetOptions:
    """Everything that decides what becomes of a data set; two equal ones make equal files.

    What is out of range is a `SettingsError`.
    """

    #: How pictures are painted; `strength` and `size` are this class's own matter.
    settings: Settings = field(default_factory=lambda: Settings(method="fast"))
    copies: int = 1  # results of each picture
    strength: tuple[float, float] = (1.0, 1.0)  # least and most; each result has one between them
    seed: int = 0  # of every choice
    #: Folders of the data set whose files are never painted: label maps. In shards, too, what
    #: follows the key of a sample: `seg.png`.
    also: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()  # patterns (`*_mask.png`) of paths, or names, likewise
    paint_all: bool = False  # label maps, too
    follow_links: bool = False  # that lead out of the folder of the data set
    max_bytes: int = MOST  # of a file, or of what is packed in it
    balance: bool = False  # more copies of rare classes (folders), so that all have as many
    #: Top folder -> its part of the styles; no other folder's pictures get those.
    splits: Mapping[str, float] = field(default_factory=dict)
    quality: int = 95  # of JPEG, WebP and AVIF, from 1 to 100

    def __post_init__(self) -> None:
        low, high = self.strength
        parts = all(0 < part < 1 for part in self.splits.values()) and self.part <= 1
        rules = {
            "copies is at least 1": self.copies >= 1,
            "strength is from 0 to 1, the least first": 0 <= low <= high <= 1,
            "a split's part of the styles is above 0, all together at most 1": parts,
            "quality is from 1 to 100": 1 <= self.quality <= 100,
            "max_bytes is at least 1": self.max_bytes >= 1,
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
    """One result to be made; paths are relative."""

    source: str  # path of the picture, or of the member of a shard
    copy: int  # which of its results, from 1
    path: str  # of the result
    style: int | None  # its number; None: nothing is painted, the file is copied
    strength: float = 1.0
    seed: int = 0  # of everything random in it
    may_be_map: bool = False  # whether the name is that of a label map; its content decides
    beside: str = ""  # path of a photograph of the same name, whose map it may be; "": none


class Planner:
    """Decides what becomes of pictures; the fingerprints of styles decide whose split they are in.

    A split that is left without styles is an `ImageError`.
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

    def chosen_map(self, source: str, copy: int, path: str, beside: str = "") -> Task:
        """Return the task of what may be a label map, by its name or that of a JPEG beside it."""
        if not self._pools[split_of(source, self.options.splits)]:
            return Task(source, copy, path, None)
        return self.chosen(source, copy)._replace(path=path, may_be_map=not beside, beside=beside)

    def is_picture(self, path: str) -> bool:
        """Tell whether a file is to be painted, unless its content is that of a label map."""
        kept = any(is_in(path, folder) for folder in self.options.also)
        kept = kept or any(_fits(path, pattern) for pattern in self.options.skip)
        if f"{SHARD}/" in path:  # `--also seg.png`: what follows the key of a sample
            kept = kept or path.rpartition("/")[2].partition(".")[2] in self.options.also
        return not kept and (is_picture_name(path) or path.lower().endswith(MEDICAL))

    def tasks(self, files: Sequence[str]) -> list[Task]:
        """Return all that is to be made of a tree of files, or raise an `ImageError`.

        What is not painted is copied; what belongs to a picture by its name (labels, masks, boxes)
        as often as that has results.
        """
        self.check_splits(files)
        self._check_named(files)
        pictures = [path for path in files if self.is_picture(path)]
        if not pictures:
            raise ImageError("there are no pictures in the data set: name another folder")
        maps = self._maps(pictures)
        sure = [path for path in pictures if path not in maps]
        belonging = Belonging(self.options.also, dict.fromkeys(sure, 1))
        belong = {path for path in maps if belonging.of_map(path)}
        copies = self._copies([path for path in pictures if path not in belong])
        belonging = Belonging(self.options.also, {path: copies[path] for path in sure})
        tasks = [self.chosen(path, k + 1) for path in sure for k in range(copies[path])]
        painted = {*sure, *maps}
        for path, beside in maps.items():
            names = belonging.of_map(path) if path in belong else copies_of(path, copies[path])
            tasks += [self.chosen_map(path, k, name, beside) for k, name in enumerate(names, 1)]
        for path in files:
            if path not in painted:
                names = belonging(path)
                tasks += [Task(path, copy, name, None) for copy, name in enumerate(names, 1)]
        check_names(task.path for task in tasks)
        return tasks

    def _check_named(self, files: Sequence[str]) -> None:
        """Raise an `ImageError` for what is to be copied and is not there: it would be painted."""
        for folder in self.options.also:
            if not any(is_in(path, folder) for path in files):
                raise ImageError(_NOT_THERE.format(folder))
        for pattern in self.options.skip:
            if not any(_fits(path, pattern) for path in files):
                raise ImageError(f"no file of the data set fits {pattern}: see how it is written")

    def _maps(self, pictures: Sequence[str]) -> dict[str, str]:
        """Return which pictures may be label maps, and of which JPEG beside, if no name says so."""
        if self.options.paint_all:
            return {}
        found = {path: "" for path in pictures if may_be_map(path)}
        jpegs = {parts_of(path)[0]: path for path in pictures if path.lower().endswith(JPEG)}
        for path in pictures:
            stem, suffix = parts_of(path)
            if path not in found and stem in jpegs and suffix.lower() in LOSSLESS:
                found[path] = jpegs[stem]
        return found

    def check_splits(self, files: Sequence[str]) -> None:
        """Raise an `ImageError` for a split that no file is in: its styles would be lost."""
        for name in self.options.splits:
            if not any(split_of(path, (name,)) for path in files):
                raise ImageError(_NOT_THERE.format(name))

    def _copies(self, pictures: Sequence[str]) -> dict[str, int]:
        copies = self.options.copies
        if not self.options.balance:
            return dict.fromkeys(pictures, copies)
        classes: dict[str, list[str]] = defaultdict(list)
        for path in pictures:
            classes[path.rpartition("/")[0]].append(path)
        wanted = copies * max(map(len, classes.values()))
        found = {}
        for paths in classes.values():
            each, more = divmod(wanted, len(paths))
            ranked = sorted(paths, key=lambda path: _hash(self.options.seed, path))
            found.update({path: each + (rank < more) for rank, path in enumerate(ranked)})
        return found


def check_names(paths: Iterable[str]) -> None:
    """Raise an `ImageError` where one result would replace another."""
    if twice := [path for path, count in Counter(paths).items() if count > 1]:
        raise ImageError(f"two results would be called {twice[0]}: rename a file")


def split_of(path: str, splits: Collection[str]) -> str:
    """Return the split of a file, "" if it is in none: its top folder's, or `val-0001.tar`'s."""
    top, slash, _ = path.partition("/")
    if slash and top in splits:
        return top
    if not top.endswith(SHARD):
        return ""
    found = [name for name in splits if re.match(rf"{re.escape(name)}(?![A-Za-z])", top)]
    return max(found, key=len, default="")


def is_in(path: str, folder: str) -> bool:
    """Tell whether a file lies in a folder."""
    return path.startswith(f"{folder.strip('/')}/")


def _fits(path: str, pattern: str) -> bool:
    """Tell whether a pattern is that of a path, or of one of its names."""
    return any(fnmatchcase(each, pattern.strip("/")) for each in (path, *path.split("/")))


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
