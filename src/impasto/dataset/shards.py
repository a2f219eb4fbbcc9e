"""WebDataset: tar files whose members belong together by the name before the first dot."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby

from impasto.dataset.painting import DatasetPainter, Row
from impasto.dataset.plan import SHARD, Planner, Task, check_names, is_in
from impasto.errors import ImageError, SettingsError

#: How many shards are looked into for what is to be copied as it is.
_LOOKED_INTO = 4


def check_shards(files: Sequence[str], planner: Planner, read: Callable[[str], bytes]) -> None:
    """Raise for what would silently not be done, or done wrong, to a data set of shards.

    Raises:
        ImageError: Pictures lie beside the shards, or what is named is not there.
        SettingsError: Classes are to be balanced, which shards do not tell.
    """
    beside = next((path for path in files if planner.is_picture(path)), None)
    if beside is not None:
        raise ImageError(f"{beside} lies beside .tar shards: put shards and pictures apart")
    if planner.options.balance:
        raise SettingsError("balance needs folders of classes: shards have none")
    planner.check_splits(files)
    # What is to be copied as it is, and is not there, would be painted under its name.
    kept = {n for n in planner.options.also if not any(is_in(path, n) for path in files)}
    shards = [path for path in files if path.endswith(SHARD)]
    try:
        for path in shards[:_LOOKED_INTO]:
            if not kept:
                return
            for _, members in _samples(read(path), path):
                kept -= {suffix.lstrip(".") for suffix, _ in members}
    except ImageError:  # a broken shard is told when it is its turn
        return
    if kept:
        raise ImageError(f"nothing in the first shards ends in .{min(kept)}: see its name")


def painted_shard(path: str, content: bytes, painter: DatasetPainter) -> tuple[bytes, list[Row]]:
    """Return a shard whose pictures are painted, and what became of each member.

    Copies of a sample are samples of their own, `key-2` and so on, with all its other members. A
    sample whose picture fails is left out.

    Raises:
        ImageError: It cannot be read, or two results would have the same name.
    """
    file, rows = io.BytesIO(), list[Row]()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as made:
        for key, members in _samples(content, path):
            for copy in range(1, painter.options.copies + 1):
                for row, data in _painted(f"{path}/{key}", copy, members, painter):
                    rows.append(row)
                    if data is not None:
                        # Without owner and time, so that equal shards are equal files.
                        member = tarfile.TarInfo(row.path.removeprefix(f"{path}/"))
                        member.size = len(data)
                        made.addfile(member, io.BytesIO(data))
    check_names(row.path for row in rows)
    return file.getvalue(), rows


def _painted(
    key: str, copy: int, members: Sequence[tuple[str, bytes]], painter: DatasetPainter
) -> list[tuple[Row, bytes | None]]:
    """Paint a copy of a sample: where one of its members fails, all are left out."""
    found, planner = list[tuple[Row, bytes | None]](), painter.planner
    for suffix, data in members:
        source = f"{key}{suffix}"
        task = Task(source, copy, source if copy == 1 else f"{key}-{copy}{suffix}", None)
        # `--also seg.png`: masks of a sample are told by what follows its key.
        if planner.is_picture(source) and suffix.lstrip(".") not in planner.options.also:
            task = planner.chosen(source, copy)._replace(path=task.path)
        found.append(painter.attempt(task, partial(painter.result, task, data)))
    broken = next((row.source for row, _ in found if row.failed), None)
    if broken is None:
        return found
    lost = (row._replace(bytes=0, sha256="", status="failed") for row, _ in found)
    return [(row._replace(error=row.error or f"left out with {broken}"), None) for row in lost]


def _samples(content: bytes, path: str) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Yield the key of each sample, and the suffixes and contents of its members."""

    def key_of(member: tuple[str, bytes]) -> str:
        folder, slash, name = member[0].rpartition("/")
        return f"{folder}{slash}{name.partition('.')[0]}"

    for key, members in groupby(_members(content, path), key_of):
        yield key, [(name.removeprefix(key), data) for name, data in members]


def _members(content: bytes, path: str) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of a shard; links are files too."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as shard:
            for member in shard:
                data = None if member.isdir() else shard.extractfile(member)
                if data is not None:
                    yield member.name, data.read()
                elif not member.isdir():
                    raise ImageError(f"{path} holds {member.name}, no file: pack it without")
            _check_end(shard, path)
    except (tarfile.TarError, KeyError) as error:  # KeyError: a link to what is not in it
        raise ImageError(f"{path} cannot be read as a shard: {error}") from error


def _check_end(shard: tarfile.TarFile, path: str) -> None:
    """Raise unless what ended a shard is its end: a damaged header looks like one to tarfile."""
    assert shard.fileobj is not None
    shard.fileobj.seek(shard.offset)
    rest = shard.fileobj.read(-1)
    if len(rest) < tarfile.BLOCKSIZE or rest.strip(b"\0"):
        raise ImageError(
            f"{path} is cut off or damaged at byte {shard.offset}: copy or pack it again"
        )
