"""Stylizing a data set: planned, painted by workers, noted, resumed after any end."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.batch.pairs import find_pictures, one_line, reason_of
from impasto.dataset.belonging import is_metadata, with_copies
from impasto.dataset.engines import Engine, open_engine
from impasto.dataset.journal import MANIFEST, TABLE, Journal
from impasto.dataset.painting import Job, Row
from impasto.dataset.plan import SHARD, DatasetOptions, Planner, Task
from impasto.dataset.shards import check_shards
from impasto.dataset.stores import Store, open_store
from impasto.errors import ImageError, SettingsError
from impasto.fast.tuned import is_network, network_settings, once_tuned
from impasto.files import fingerprint, working_alone
from impasto.gallery.names import read_styles
from impasto.images import NamedBytes, identify, is_picture_name, open_picture, source_list
from impasto.images.decoding import open_image
from impasto.images.reading import suppress_warnings
from impasto.recipes import picture_files
from impasto.settings import Settings
from impasto.settings.typed import Options
from impasto.stylizers import files_of, for_many_sizes, stylizer
from impasto.version import __version__

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Files a worker takes at once; one where each takes long: it is done again after Ctrl-C.
CHUNK = 16
#: Pictures whose sizes are looked at, and how many sizes OpenVINO is worth compiling for.
_LOOKED_AT, _FEW_SIZES = 64, 2


class Dataset:
    """A data set that is being stylized; its arguments are those of `stylize_dataset`.

    `tasks` is all that is to be made, `left` what is not made yet, `bad` the styles that cannot be
    used, and why. A target with results of something else, or in the source, is a `SettingsError`.
    """

    def __init__(
        self,
        source: str | Path,
        styles: str | Path | Sequence[str | Path],
        target: str | Path,
        options: DatasetOptions,
    ) -> None:
        self._store = open_store(source, options.follow_links)
        self._target = open_store(target)
        if f"{self._target.name}/".startswith(f"{self._store.name}/"):
            raise SettingsError("the results would lie in the data set: name a folder beside it")
        files = self._store.files()
        opened, self.bad = read_style_files(list(map(str, source_list(styles))), options.settings)
        options = replace(options, settings=once_tuned(options.settings))
        # Once each: the same picture under two names would be in two splits.
        unique = {identify(path).sha256: path for path in reversed(opened)}
        hashes = sorted(unique)
        self._planner = planner = Planner(options, hashes)
        self.sharded = any(path.endswith(SHARD) for path in files)
        if self._store.left_out and not self.sharded and not any(map(planner.is_picture, files)):
            raise ImageError(f"there are no pictures: {'; '.join(self._store.left_out)}")
        if self.sharded:
            check_shards(files, planner, self._store.read)
            self.tasks = [Task(path, 1, path, None) for path in files]
        else:
            self.tasks = planner.tasks(files)
        for task in self.tasks:
            if task.path in (MANIFEST, TABLE):
                raise ImageError(f"{task.source} would be replaced by the manifest: rename it")
        options = _with_runtime(options, self._store, files)
        paths = [unique[each] for each in hashes]
        self.job = Job(self._store.name, self._target.name, paths, hashes, options)
        plan = {"styles": hashes, "files": fingerprint(files), "options": options.to_dict()}
        plan["weights"] = files_of(options.settings)
        if options.settings.pictures:  # masks and the like
            plan["pictures"] = [identify(each).sha256 for each in picture_files(options.settings)]
        self.journal = Journal(self._target, {"impasto": __version__, **plan})
        # A shard with something that failed is made again.
        failed = {row.shard for row in self.journal.rows.values() if row.failed}
        self.left = [task for task in self.tasks if task.path in failed or not self._is_done(task)]

    def run(self, engine: Engine, workers: int | None = None) -> Iterator[Row]:
        """Make what is left by workers (None: one a core); yield what becomes of each file."""
        chunk = 1 if self.sharded or self.job.options.settings.method_row.steps else CHUNK
        groups = [self.left[at : at + chunk] for at in range(0, len(self.left), chunk)]
        # The noted members of each shard, which it may not have any more.
        stale: dict[str, set[str]] = defaultdict(set)
        for row in self.journal.rows.values():
            stale[row.shard].add(row.path)
        with (
            working_alone(Path(self._target.name)),
            closing(engine(self.job, groups, workers)) as rows,  # type: ignore[type-var]
        ):
            try:
                for row in rows:
                    self.journal.add(row)
                    stale[row.shard].discard(row.path)
                    if row.source.endswith(SHARD):  # a shard's own row, which comes last
                        self.journal.forget(stale.pop(row.source, ()))
                    yield row
            finally:
                self.journal.flush()

    def finish(self) -> tuple[list[str], list[Row]]:
        """Write the manifest, and what lists the pictures' names.

        Returns the names of the manifest's files, and the rows of what failed: files, and styles
        that cannot be used, which have no path.
        """
        if any(task.copy > 1 for task in self.tasks):
            self._rewrite_metadata()
        names = self.journal.save()
        failed = [row for row in self.journal.rows.values() if row.failed]
        bad = [Row("", name, style=name, error=reason) for name, reason in self.bad.items()]
        return names, [*failed, *bad]

    @property
    def left_out(self) -> list[str]:
        """What of the data set's folder and of the styles is left out, in sentences."""
        bad = [f"a style is left out: {reason}" for reason in self.bad.values()]
        return [*map(one_line, self._store.left_out), *bad]

    def maps(self) -> int:
        """Return how many files were copied because they are label maps."""
        is_picture, rows = self._planner.is_picture, self.journal.rows.values()
        return sum(row.status == "copied" and is_picture(row.source) for row in rows)

    def _rewrite_metadata(self) -> None:
        """Let lists of file names name all copies."""
        copies: dict[str, list[str]] = defaultdict(list)
        for task in self.tasks:
            copies[task.source].append(task.path)
        for row in list(self.journal.rows.values()):
            if row.failed or not is_metadata(row.source):
                continue
            try:
                made = with_copies(self._store.read(row.source), row.source, copies)
                self._target.write(row.path, made)
                row = row._replace(bytes=len(made), sha256=hashlib.sha256(made).hexdigest())
            except (ValueError, KeyError, TypeError, csv.Error) as error:
                row = row._replace(status="failed", error=f"names of copies are not in it: {error}")
            self.journal.rows[row.path] = row

    def _is_done(self, task: Task) -> bool:
        row = self.journal.rows.get(task.path)
        if row is None or row.failed:
            return False
        size = self._target.size(task.path)
        # Lists of names are written again in the end, with another size.
        return size is not None if is_metadata(task.source) else size == row.bytes


def _with_runtime(options: DatasetOptions, store: Store, files: Sequence[str]) -> DatasetOptions:
    """Decide what runs the network: OpenVINO, which compiles for each size, only for few sizes."""
    settings = for_many_sizes(options.settings)
    if settings == options.settings:
        return options
    pictures = list(filter(is_picture_name, files))
    sizes = {_size(store, path) for path in pictures[:_LOOKED_AT]}
    return options if 0 < len(sizes) <= _FEW_SIZES else replace(options, settings=settings)


def _size(store: Store, path: str) -> tuple[int, int]:
    try:
        with suppress_warnings(), open_image(store.read(path)) as image:
            return image.size
    except Exception:  # a broken one is told when it is its turn
        return (0, 0)


def dataset_settings(settings: Settings | None = None, **options: Unpack[Options]) -> Settings:
    """Return a data set's settings, method fast by default, or raise a SettingsError."""
    if "size" in options:
        raise SettingsError("size is each picture's own in a data set: leave it out")
    found = (settings or Settings(method="fast")).updated(**options)
    if found.method_row.one_style:
        raise SettingsError("a data set needs a method that takes style pictures")
    found.check_one_style()
    return found


def stylize_dataset(
    source: str | Path,
    styles: str | Path | Sequence[str | Path],
    target: str | Path,
    dataset: DatasetOptions | None = None,
    engine: str | Engine = "local",
    workers: int | None = None,
    **options: Unpack[Options],
) -> list[Row]:
    """Stylize a data set, as `impasto dataset` does; called again it resumes.

    Args:
        source: Its folder, a folder of WebDataset shards (.tar), or an address that fsspec reaches.
        styles: Style pictures: files, folders, names, addresses; one or several.
        target: Folder or address of the results.
        dataset: Copies, splits, the range of strengths and others; None for the defaults.
        engine: `local`, or `ray`.
        workers: Processes; None: one a core.
        **options: Single options, by the names of `Settings`: `strength` is that of all results.

    Returns:
        The rows of what failed; those of styles that cannot be used have no path.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImpastoError: As `Dataset`.
    """
    chosen = dataset or DatasetOptions()
    if (strength := options.pop("strength", None)) is not None:
        chosen = replace(chosen, strength=(strength, strength))
    settings = dataset_settings(chosen.settings, **options)
    chosen = replace(chosen, settings=settings, seed=options.get("seed", chosen.seed))
    work = Dataset(source, styles, target, chosen)
    for _ in work.run(open_engine(engine) if isinstance(engine, str) else engine, workers):
        pass
    return work.finish()[1]


def read_style_files(
    named: Sequence[str], settings: Settings
) -> tuple[list[NamedBytes], dict[str, str]]:
    """Read style pictures, or networks that are tuned to them; some are tuned for that.

    They are named by files, folders, names, and addresses that fsspec reaches. Returns the styles,
    and which cannot be used, and why; if all cannot, that is an `ImageError`.
    """
    styles, bad = list[NamedBytes](), dict[str, str]()
    for each in named:
        try:
            found = _found(each)
        except ImageError as error:
            bad[each] = reason_of(error)
            continue
        for name, style in found:
            try:
                styles.append(_style_file(style(), settings))
            except ImageError as error:
                bad[name] = reason_of(error)
    if bad and not styles:
        raise ImageError(next(iter(bad.values())))
    return styles, bad


def _found(named: str) -> list[tuple[str, Callable[[], Path | NamedBytes]]]:
    """Return the name of each style that something stands for, and what reads or returns it."""
    if "://" not in named:
        found = find_pictures(map(str, read_styles(named)))
        return [(str(path), partial(Path, path)) for path in found]
    store = open_store(named)
    names = filter(is_picture_name, store.files())
    return [(f"{named}/{n}", partial(_read, store, n)) for n in names]


def _style_file(style: Path | NamedBytes, settings: Settings) -> NamedBytes:
    """Return what is painted with: a style picture, or a network that was tuned to it."""
    if not is_network(style):
        open_picture(style, max_size=64)  # raises what is wrong with it
    if (found := network_settings([style], settings)) != settings:
        stylizer([], found)  # raises what is wrong with it
        style = Path(found.method)
    return NamedBytes(style.read_bytes(), style.name) if isinstance(style, Path) else style


def _read(store: Store, path: str) -> NamedBytes:
    return NamedBytes(store.read(path), path.rpartition("/")[2])
