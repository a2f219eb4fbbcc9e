"""Where data sets lie: a folder here, or anything that fsspec reaches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, MissingExtraError
from impasto.weights.folders import refuse_offline


class Store:
    """A tree of files: a folder of this machine, or what a child of this class reaches.

    Attributes:
        name: The folder's whole path, or its address.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.name = folder, str(folder.resolve())

    def files(self) -> list[str]:
        """Return the relative paths of all files that are not hidden, sorted."""
        if not self._folder.is_dir():
            raise ImageError(f"{self._folder} is not a folder: name the data set's")
        found = []
        for place, below, names in os.walk(self._folder, onerror=_refuse, followlinks=True):
            folder = Path(place)
            below[:] = [n for n in below if not n.startswith(".") and not _leads_up(folder / n)]
            base = folder.relative_to(self._folder)
            found += [(base / name).as_posix() for name in names if not name.startswith(".")]
        for path in found:
            try:
                path.encode()
            except UnicodeEncodeError as error:
                raise ImageError(f"the name {path!r} is not in UTF-8: rename the file") from error
        return sorted(found)

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        return (self._folder / path).read_bytes()

    def write(self, path: str, content: bytes) -> None:
        """Make a file, whole or not at all."""
        target = self._folder / path
        # What a kill leaves has the name that the next run writes to.
        part = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(target)
        except OSError as error:
            reason = f"cannot be written ({error.strerror or error})"
            raise ImageError(f"{target} {reason}: see to it, or name another") from error

    def size(self, path: str) -> int | None:
        """Return a file's size in bytes; None: it is not there."""
        try:
            return (self._folder / path).stat().st_size
        except OSError:
            return None


class _RemoteStore(Store):
    """What fsspec reaches; stores of objects make a file whole or not at all."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise MissingExtraError("a data set elsewhere", "scale") from error
        self.name = url.rstrip("/")
        if self.name.partition("://")[0].rpartition("::")[2] not in ("file", "local", "memory"):
            refuse_offline(self.name)
        self._system: Any
        try:
            self._system, self._start = fsspec.core.url_to_fs(self.name)
        except (ImportError, ValueError) as error:  # says what to install
            raise ImageError(f"{url} cannot be reached: {error}") from error
        self._root = f"{self._start.rstrip('/')}/"

    def files(self) -> list[str]:
        paths = [path[len(self._root) :] for path in self._system.find(self._start)]
        return sorted(path for path in paths if "/." not in f"/{path}")

    def read(self, path: str) -> bytes:
        content: bytes = self._system.cat_file(self._root + path)
        return content

    def write(self, path: str, content: bytes) -> None:
        self._system.makedirs((self._root + path).rpartition("/")[0], exist_ok=True)
        self._system.pipe_file(self._root + path, content)

    def size(self, path: str) -> int | None:
        try:
            size: int = self._system.size(self._root + path)
        except FileNotFoundError:
            return None
        return size


def _leads_up(folder: Path) -> bool:
    """Tell a link to a folder above itself, which would be entered without end."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _refuse(error: OSError) -> None:
    raise ImageError(f"{error.filename} cannot be listed ({error.strerror}): allow reading it")


def open_store(place: str | Path) -> Store:
    """Return the store of a folder, which need not exist, or of an address.

    Addresses are those of fsspec: `s3://bucket/folder`, `memory://…`, `sftp://…`.

    Raises:
        ImageError: There is no such kind of address.
        MissingExtraError: It is elsewhere, and fsspec is not installed.
    """
    return _RemoteStore(str(place)) if "://" in str(place) else Store(Path(place))
