"""WebDataset: tar files whose members belong together by the name before the first dot."""

import io
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby

from impasto.dataset.labels import JPEG, LOSSLESS, may_be_map
from impasto.dataset.painting import DatasetStylizer, Row
from impasto.dataset.plan import SHARD, Planner, Task, check_names, is_in
from impasto.dataset.stores import check_bytes
from impasto.errors import ImageError, SettingsError

#: How many shards are looked into for what is to be copied as it is.
_LOOKED_INTO = 4
#: Headers that hold a name or other words, and bytes of these, and of what ends a shard.
_NAMING = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)
_LONGEST_NAME, _LONGEST_END = 1 << 20, 16 << 20


def check_shards(files: Sequence[str], planner: Planner, read: Callable[[str, int], bytes]) -> None:
    """Raise for what would silently not be done, or done wrong, to a data set of shards."""
    beside = next((path for path in files if planner.is_picture(path)), None)
    if beside is not None:
        raise ImageError(f"{beside} lies beside .tar shards: put shards and pictures apart")
    if planner.options.balance:
        raise SettingsError("balance needs folders of classes: shards have none")
    planner.check_splits(files)
    # What is to be copied as it is, and is not there, would be painted under its name.
    kept = {n for n in planner.options.also if not any(is_in(path, n) for path in files)}
    shards, most = [path for path in files if path.endswith(SHARD)], planner.options.max_bytes
    try:
        for path in shards[: _LOOKED_INTO if kept else 0]:
            for _, members in _samples(read(path, most), path, most):
                kept -= {suffix.lstrip(".") for suffix, _ in members}
    except ImageError:  # a broken shard is told when it is its turn
        return
    if kept:
        raise ImageError(f"nothing in the first shards ends in .{min(kept)}: see its name")


def painted_shard(path: str, content: bytes, stylizer: DatasetStylizer) -> tuple[bytes, list[Row]]:
    """Return a shard whose pictures are painted, and what became of each member.

    Copies of a sample are samples of their own, `key-2` and so on, with all its other members. A
    sample whose picture fails is left out.
    """
    file, rows = io.BytesIO(), list[Row]()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as made:
        for key, members in _samples(content, path, stylizer.options.max_bytes):
            for copy in range(1, stylizer.options.copies + 1):
                for row, data in _painted(f"{path}/{key}", copy, members, stylizer):
                    rows.append(row)
                    if data is not None:
                        # Without owner and time, so that equal shards are equal files.
                        member = tarfile.TarInfo(row.path.removeprefix(f"{path}/"))
                        member.size = len(data)
                        made.addfile(member, io.BytesIO(data))
    check_names(row.path for row in rows)
    return file.getvalue(), rows


def _painted(
    key: str, copy: int, members: Sequence[tuple[str, bytes]], stylizer: DatasetStylizer
) -> list[tuple[Row, bytes | None]]:
    """Paint a copy of a sample: where one of its members fails, all are left out."""
    found, planner = list[tuple[Row, bytes | None]](), stylizer.planner
    photo = next((data for suffix, data in members if suffix.lower().endswith(JPEG)), None)
    for suffix, data in members:
        source, beside = f"{key}{suffix}", None
        task = Task(source, copy, source if copy == 1 else f"{key}-{copy}{suffix}", None)
        if planner.is_picture(source):
            named = may_be_map(source)
            beside = None if named or suffix.lower() not in LOSSLESS else photo
            task = planner.chosen(source, copy)._replace(path=task.path, may_be_map=named)
        found.append(stylizer.attempt(task, partial(stylizer.made, task, data, beside)))
    broken = next((row.source for row, _ in found if row.failed), None)
    if broken is None:
        return found
    lost = (row._replace(bytes=0, sha256="", status="failed") for row, _ in found)
    return [(row._replace(error=row.error or f"left out with {broken}"), None) for row in lost]


def _samples(content: bytes, path: str, most: int) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Yield the key of each sample, and the suffixes and contents of its members."""
    members = _members(content, path, most)
    # The key ends at the first dot of the name, which folders may have too.
    for key, some in groupby(members, lambda each: re.sub(r"\.[^/]*$", "", each[0])):
        yield key, [(name.removeprefix(key), data) for name, data in some]


def _members(content: bytes, path: str, most: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of a shard; links are files too."""
    taken = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(content), tarinfo=_Member) as shard:
            for member in shard:
                _check_name(member.name, path)
                if member.issparse() and member.size > len(content):
                    raise ImageError(f"{path} holds {member.name}, mostly holes: pack it anew")
                check_bytes(taken + member.size, most, f"{path} with {member.name}")
                data = None if member.isdir() else shard.extractfile(member)
                if data is not None:
                    whole = data.read()
                    taken += len(whole)  # of links, too
                    yield member.name, whole
                elif not member.isdir():
                    raise ImageError(f"{path} holds {member.name}, no file: pack it without")
            _check_end(shard, path)
    # KeyError: a link to what is not in it; RecursionError: to itself; others: damaged packing.
    except (tarfile.TarError, KeyError, RecursionError, EOFError, OSError, zlib.error) as error:
        reason = "a link leads to itself" if isinstance(error, RecursionError) else error
        raise ImageError(f"{path} cannot be read as a shard: {reason}") from error


class _Member(tarfile.TarInfo):
    """A header of a shard; those that only name others claim no more than names take."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Member":
        member = super().frombuf(buf, encoding, errors)
        if member.type in _NAMING and member.size > _LONGEST_NAME:
            raise tarfile.ReadError(f"a name of {member.size} bytes")
        return member


def _check_name(name: str, path: str) -> None:
    """Raise an `ImageError` for a name that leads out of the folder a shard is unpacked in."""
    parts = re.split(r"[/\\]", name)
    if ".." in parts or not parts[0] or re.match("[A-Za-z]:", name):
        raise ImageError(f"{path} holds {name}, which leads out of it: pack it with other names")


def _check_end(shard: tarfile.TarFile, path: str) -> None:
    """Raise unless what ended a shard is its end: a damaged header looks like one to tarfile."""
    assert shard.fileobj is not None
    shard.fileobj.seek(shard.offset)
    rest = shard.fileobj.read(_LONGEST_END + 1)
    if not tarfile.BLOCKSIZE <= len(rest) <= _LONGEST_END or rest.strip(b"\0"):
        raise ImageError(f"{path} is cut off or damaged at byte {shard.offset}: pack it again")
