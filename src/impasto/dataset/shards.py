"""WebDataset: tar files whose members belong together by the name before the first dot."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator, Sequence

from impasto.dataset.painting import DatasetPainter, Row
from impasto.dataset.plan import Planner, Task
from impasto.errors import ImageError, ImpastoError, SettingsError

SHARD = ".tar"


def is_sharded(files: Sequence[str]) -> bool:
    """Tell whether a data set is one of shards."""
    return any(path.endswith(SHARD) for path in files)


def check_shards(files: Sequence[str], planner: Planner) -> None:
    """Raise for what would silently not be done to a data set of shards.

    Raises:
        ImageError: Pictures lie beside the shards.
        SettingsError: Classes are to be balanced, which shards do not tell.
    """
    beside = next((path for path in files if planner.is_picture(path)), None)
    if beside is not None:
        raise ImageError(f"{beside} lies beside .tar shards: put shards and pictures apart")
    if planner.options.balance:
        raise SettingsError("balance needs folders of classes: shards have none")


def painted_shard(
    path: str, content: bytes, planner: Planner, painter: DatasetPainter
) -> tuple[bytes, list[Row]]:
    """Return a shard whose pictures are painted, and what became of each member.

    Copies of a sample are samples of their own, `key-2` and so on, with all its other members. A
    sample whose picture fails is left out.

    Args:
        path: Of the shard in the data set.
        content: The shard.
        planner: Decides about each picture.
        painter: Paints.

    Raises:
        ImageError: It cannot be read.
    """
    file, rows = io.BytesIO(), list[Row]()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as made:
        for key, members in _samples(content, path):
            for copy in range(1, planner.options.copies + 1):
                results = _painted(path, key, copy, members, planner, painter)
                rows += [row for row, _ in results]
                for row, data in results:
                    if data is not None:
                        _add(made, row.path.removeprefix(f"{path}/"), data)
    return file.getvalue(), rows


def _painted(
    path: str,
    key: str,
    copy: int,
    members: Sequence[tuple[str, bytes]],
    planner: Planner,
    painter: DatasetPainter,
) -> list[tuple[Row, bytes | None]]:
    found = list[tuple[Row, bytes | None]]()
    for suffix, data in members:
        begun, source = time.monotonic(), f"{path}/{key}{suffix}"
        name = f"{path}/{key}{'' if copy == 1 else f'-{copy}'}{suffix}"
        task = Task(source, copy, name, None)
        # `--also seg.png`: masks of a sample are told by what follows its key.
        if planner.is_picture(source) and suffix.lstrip(".") not in planner.options.also:
            task = planner.chosen(source, copy)._replace(path=name)
        try:
            made = painter.result(task, data)
            found.append((painter.row(task, made, "", begun), made))
        except ImpastoError as error:
            found.append((painter.row(task, None, str(error), begun), None))
    broken = next((row for row, data in found if data is None), None)
    if broken is None:
        return found
    return [(_left_out(row, broken.source), None) for row, _ in found]


def _left_out(row: Row, broken: str) -> Row:
    """Return the row of a member that is not written since another of its sample failed."""
    error = row.error or f"left out with {broken}"
    return row._replace(bytes=0, sha256="", status="failed", error=error)


def _samples(content: bytes, path: str) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Yield the key of each sample, and the suffixes and contents of its members."""
    key, members = "", list[tuple[str, bytes]]()
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as shard:
            for member in shard:
                data = shard.extractfile(member) if member.isfile() else None
                if data is None:
                    continue
                folder, slash, name = member.name.rpartition("/")
                stem, dot, rest = name.partition(".")
                own = f"{folder}{slash}{stem}"
                if own != key and members:
                    yield key, members
                    members = []
                key = own
                members.append((f"{dot}{rest}", data.read()))
    except tarfile.TarError as error:
        raise ImageError(f"{path} cannot be read as a shard: {error}") from error
    if members:
        yield key, members


def _add(shard: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a member without owner and time, so that equal shards are equal files."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    shard.addfile(member, io.BytesIO(data))
