"""Stylizing a data set: planned, painted by workers, noted, gone on with after any end."""

from __future__ import annotations

import csv
import hashlib
import io
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from impasto.dataset.journal import MANIFEST, TABLE, Journal
from impasto.dataset.metadata import METADATA, with_copies
from impasto.dataset.options import DatasetOptions
from impasto.dataset.painting import DatasetPainter, Row, StyleFile, source_of
from impasto.dataset.plan import SHARD, Planner, Task
from impasto.dataset.shards import check_shards, is_sharded, painted_shard
from impasto.dataset.stores import Store, open_store
from impasto.errors import ImageError, SettingsError
from impasto.fast.tuned import network_settings, once_tuned
from impasto.files import fingerprint
from impasto.images import identify, is_picture_name
from impasto.images.reading import suppress_warnings
from impasto.settings import Settings
from impasto.stylizers import for_many_sizes, stylizer
from impasto.version import __version__

#: Files a worker takes at once.
CHUNK = 16
#: Files that a worker has in hand at once: one is read or written while another is painted.
_IN_HAND = 2
#: Pictures whose sizes are looked at, and how many sizes OpenVINO is worth compiling for.
_LOOKED_AT, _FEW_SIZES = 64, 2


class Job(NamedTuple):
    """All that a worker needs to know.

    Attributes:
        source: Where pictures are read.
        target: Where results are written.
        styles: Style pictures.
        hashes: Their fingerprints.
        options: What is asked for, the runtime decided.
    """

    source: str
    target: str
    styles: tuple[StyleFile, ...]
    hashes: tuple[str, ...]
    options: DatasetOptions


#: job, groups of tasks, workers -> rows.
Engine = Callable[[Job, Iterable[list[Task]], "int | None"], Iterator[Row]]


class Worker:
    """Does groups of tasks; each process, or actor of a cluster, has one.

    Args:
        job: What it works on.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.source, self.target = open_store(job.source), open_store(job.target)
        self.painter = DatasetPainter(job.styles, job.hashes, job.options)

    def __call__(self, tasks: Sequence[Task]) -> list[Row]:
        """Do some tasks: read, paint, write; a failure is a row too."""
        with ThreadPoolExecutor(_IN_HAND) as threads:
            return [row for rows in threads.map(self._done, tasks) for row in rows]

    def _done(self, task: Task) -> list[Row]:
        begun = time.monotonic()
        try:
            content = self.source.read(task.source)
            if task.source.endswith(SHARD):
                planner = Planner(self.job.options, self.job.hashes)
                made, rows = painted_shard(task.source, content, planner, self.painter)
                self.target.write(task.path, made)
                return [*rows, self.painter.row(task, made, "", begun)]
            made = self.painter.result(task, content)
            self.target.write(task.path, made)
        except MemoryError:
            return [self.painter.row(task, None, "out of memory", begun)]
        except Exception as error:  # whatever it is, the others go on
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            return [self.painter.row(task, None, reason, begun)]
        return [self.painter.row(task, made, "", begun)]


class Dataset:
    """A data set that is being stylized.

    Args:
        source: Its folder, a folder of WebDataset shards (.tar), or an address that fsspec reaches.
        styles: Style pictures, or their files' contents.
        target: Folder or address of the results.
        options: What is asked for.

    Raises:
        ImageError: There are no pictures or styles, or something cannot be read.
        SettingsError: The target holds results of something else, or lies in the source.

    Attributes:
        tasks: All that is to be made.
        left: What is not made yet.
    """

    def __init__(
        self,
        source: str,
        styles: Sequence[Path | StyleFile],
        target: str,
        options: DatasetOptions,
    ) -> None:
        self._store, self._target = open_store(source), open_store(target)
        _check_apart(self._store.name, self._target.name)
        files = self._store.files()
        looks = [_look(style, options.settings) for style in styles]
        options = replace(options, settings=once_tuned(options.settings))
        # Once each: the same picture under two names would be in two splits.
        unique = {identify(look.content).sha256: look for look in reversed(looks)}
        hashes = sorted(unique)
        looks = [unique[each] for each in hashes]
        planner = Planner(options, hashes)
        self.sharded = is_sharded(files)
        if self.sharded:
            check_shards(files, planner, self._store.read)
            self.tasks = [Task(path, 1, path, None) for path in files]
        else:
            self.tasks = planner.tasks(files)
        _check_free(self.tasks)
        options = _with_runtime(options, self._store, files)
        self.job = Job(self._store.name, self._target.name, tuple(looks), tuple(hashes), options)
        self.journal = Journal(self._target, self._plan(files))
        # A shard with something that failed is made again.
        rows = self.journal.rows.values()
        self._failed = {_shard_of(row) for row in rows if _has_failed(row)}
        self.left = [task for task in self.tasks if not self._is_done(task)]

    def run(self, engine: Engine, workers: int | None = None) -> Iterator[Row]:
        """Make what is left; yield what becomes of each file, as it is done.

        Args:
            engine: What runs the workers.
            workers: How many; None: as the machine has cores.
        """
        groups = [self.left[at : at + CHUNK] for at in range(0, len(self.left), CHUNK)]
        if self.sharded:
            groups = [[task] for task in self.left]
        rows, stale = engine(self.job, groups, workers), self._stale()
        with closing(rows) as found:  # type: ignore[type-var]
            try:
                for row in found:
                    self.journal.add(row)
                    stale[_shard_of(row)].discard(row.path)
                    if row.source in stale:  # a shard's own row, which comes last
                        self.journal.forget(stale.pop(row.source))
                    yield row
            finally:
                self.journal.flush()

    def _stale(self) -> dict[str, set[str]]:
        """Return the noted members of each shard, which it may not have any more."""
        found: dict[str, set[str]] = defaultdict(set)
        for row in self.journal.rows.values():
            if shard := _shard_of(row):
                found[shard].add(row.path)
        return found

    def finish(self) -> tuple[list[str], list[Row]]:
        """Write the manifest, and what lists the pictures' names.

        Returns:
            The names of the manifest's files, and the rows of what failed.
        """
        if any(task.copy > 1 for task in self.tasks):
            self._rewrite_metadata()
        names = self.journal.save()
        return names, [row for row in self.journal.rows.values() if _has_failed(row)]

    def _rewrite_metadata(self) -> None:
        """Let lists of file names name all copies."""
        copies: dict[str, list[str]] = {}
        for task in self.tasks:
            copies.setdefault(task.source, []).append(task.path)
        for task in self.tasks:
            row = self.journal.rows.get(task.path)
            if row is None or _has_failed(row):
                continue
            if task.source.rpartition("/")[2] in METADATA:
                content = self._store.read(task.source)
                self.journal.rows[task.path] = self._with_copies(row, content, copies)

    def _with_copies(self, row: Row, content: bytes, copies: dict[str, list[str]]) -> Row:
        """Write a list of names with those of all copies, and return its row."""
        try:
            made = with_copies(content, row.source, copies)
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            return row._replace(status="failed", error=f"names of copies are not in it: {error}")
        self._target.write(row.path, made)
        return row._replace(bytes=len(made), sha256=hashlib.sha256(made).hexdigest())

    def _is_done(self, task: Task) -> bool:
        row = self.journal.rows.get(task.path)
        if row is None or _has_failed(row) or task.path in self._failed:
            return False
        listed = task.source.rpartition("/")[2] in METADATA
        size = self._target.size(task.path)
        return size is not None if listed else size == row.bytes

    def _plan(self, files: Sequence[str]) -> dict[str, Any]:
        return {
            "impasto": __version__,
            "styles": list(self.job.hashes),
            "files": fingerprint(list(files)),
            "options": self.job.options.to_dict(),
        }


def _has_failed(row: Row) -> bool:
    return row.status == "failed"


def _shard_of(row: Row) -> str:
    """Return the shard that a file is a member of, "" if it is in none."""
    shard, slash, _ = row.source.partition(f"{SHARD}/")
    return f"{shard}{SHARD}" if slash else ""


def _check_free(tasks: Sequence[Task]) -> None:
    for task in tasks:
        if task.path in (MANIFEST, TABLE):
            raise ImageError(f"{task.source} would be replaced by the manifest: rename it")


def _look(style: Path | StyleFile, settings: Settings) -> StyleFile:
    """Return what is painted with: a style picture, or a network that was tuned to it."""
    found = network_settings([source_of(style)], settings)
    if found != settings:
        stylizer([], found)  # raises what is wrong with it
        return _loaded(Path(found.method))
    return style if isinstance(style, StyleFile) else _loaded(style)


def _loaded(style: Path) -> StyleFile:
    try:
        return StyleFile(style.name, style.read_bytes())
    except OSError as error:
        raise ImageError(f"{style} cannot be read: {error.strerror or error}") from error


def _check_apart(source: str, target: str) -> None:
    if target == source or target.startswith(f"{source}/"):
        raise SettingsError("the results would lie in the data set: name a folder beside it")


def _with_runtime(options: DatasetOptions, store: Store, files: Sequence[str]) -> DatasetOptions:
    """Decide what runs the network: OpenVINO only where pictures have few sizes.

    It is faster, but compiles for each size. The decision hangs on the data set alone.
    """
    settings = for_many_sizes(options.settings)
    if settings == options.settings:
        return options
    pictures = [path for path in files if is_picture_name(path)][:_LOOKED_AT]
    sizes = {_size(store, path) for path in pictures}
    if len(sizes) <= _FEW_SIZES and pictures:
        return options
    return replace(options, settings=settings)


def _size(store: Store, path: str) -> tuple[int, int]:
    try:
        with suppress_warnings(), Image.open(io.BytesIO(store.read(path))) as image:
            return image.size
    except Exception:  # a broken one is told when it is its turn
        return (0, 0)
