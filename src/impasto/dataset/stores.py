"""Where data sets lie: a folder here, or anything that fsspec reaches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from impasto.errors import ImageError, MissingExtraError


class Store(Protocol):
    """A tree of files."""

    name: str

    def files(self) -> list[str]:
        """Return the relative paths of all files that are not hidden, sorted."""
        ...

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Make a file, whole or not at all."""
        ...

    def size(self, path: str) -> int | None:
        """Return a file's size in bytes; None: it is not there."""
        ...


class FolderStore:
    """A folder of this machine.

    Args:
        folder: The folder, which need not exist.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.name = str(self.folder.resolve())

    def files(self) -> list[str]:
        """Return the relative paths of all files that are not hidden, sorted."""
        if not self.folder.is_dir():
            raise ImageError(f"{self.folder} is not a folder: name the data set's")
        found = []
        for place, below, names in os.walk(self.folder, onerror=_refuse, followlinks=True):
            below[:] = [
                name
                for name in below
                if not name.startswith(".") and not _leads_up(Path(place, name))
            ]
            base = Path(place).relative_to(self.folder)
            found += [(base / name).as_posix() for name in names if not name.startswith(".")]
        _check_names(found)
        return sorted(found)

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        return (self.folder / path).read_bytes()

    def write(self, path: str, content: bytes) -> None:
        """Make a file, whole or not at all."""
        target = self.folder / path
        # What a kill leaves has the name that the next run writes to.
        part = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(target)
        except OSError as error:
            reason = error.strerror or error
            raise ImageError(
                f"{target} cannot be written ({reason}): see to it, or name another"
            ) from error

    def size(self, path: str) -> int | None:
        """Return a file's size in bytes; None: it is not there."""
        try:
            return (self.folder / path).stat().st_size
        except OSError:
            return None


class RemoteStore:
    """What fsspec reaches: `s3://bucket/folder`, `memory://…`, `sftp://…`.

    Args:
        url: The folder's address.

    Raises:
        MissingExtraError: fsspec is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise MissingExtraError("a data set elsewhere", "scale") from error
        self.name = url.rstrip("/")
        system: Any
        try:
            system, self._root = fsspec.core.url_to_fs(self.name)
        except (ImportError, ValueError) as error:  # says what to install
            raise ImageError(f"{url} cannot be reached: {error}") from error
        self._system = system

    def files(self) -> list[str]:
        """Return the relative paths of all files that are not hidden, sorted."""
        start = len(self._root.rstrip("/")) + 1
        paths = (path[start:] for path in self._system.find(self._root))
        return sorted(p for p in paths if not any(part.startswith(".") for part in p.split("/")))

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        content: bytes = self._system.cat_file(self._at(path))
        return content

    def write(self, path: str, content: bytes) -> None:
        """Make a file; stores of objects make it whole or not at all."""
        self._system.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)
        self._system.pipe_file(self._at(path), content)

    def size(self, path: str) -> int | None:
        """Return a file's size in bytes; None: it is not there."""
        try:
            size: int = self._system.size(self._at(path))
        except FileNotFoundError:
            return None
        return size

    def _at(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"


def _leads_up(folder: Path) -> bool:
    """Tell a link to a folder above itself, which would be entered without end."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _refuse(error: OSError) -> None:
    raise ImageError(f"{error.filename} cannot be listed ({error.strerror}): allow reading it")


def _check_names(paths: list[str]) -> None:
    for path in paths:
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise ImageError(f"the name {path!r} is not in UTF-8: rename the file") from error


def open_store(place: str | os.PathLike[str]) -> Store:
    """Return the store of a folder's path or address.

    Raises:
        MissingExtraError: It is elsewhere, and fsspec is not installed.
    """
    text = os.fspath(place)
    return RemoteStore(text) if "://" in text else FolderStore(text)
