"""Where data sets lie: a folder here, or anything that fsspec reaches."""

import os
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, importing
from impasto.files import disk_is_full, reading_advice
from impasto.weights.folders import refuse_offline

#: Bytes of a file, or of what is packed in it, that are read: a small file may claim terabytes.
MOST = 4 << 30
#: Links to folders that are followed one in another.
_MOST_LINKS = 2
#: What is no file and no folder to look into -> what it is, and what to do.
_LEFT_OUT = {
    "away": ("links that lead out of the data set are", ": --follow-links follows them"),
    "circle": ("links that lead in circles are", ""),
    "odd": ("pipes, sockets or devices are", ""),
}


class Store:
    """A tree of files: a folder of this machine, or what a child of this class reaches.

    Its `name` is the folder's whole path, or its address; `left_out` says what `files` left out.
    """

    def __init__(self, folder: Path, follow_links: bool = False) -> None:
        self._folder, self.name, self._follow = folder, str(folder.resolve()), follow_links
        self.left_out: list[str] = []

    def files(self) -> list[str]:
        """Return the relative paths of all files that are not hidden, sorted.

        Links that lead out of the folder or in a circle, and what is neither a file nor a folder,
        are left out. What cannot be listed, or has a name not in UTF-8, is an `ImageError`.
        """
        if not self._folder.is_dir():
            raise ImageError(f"{self._folder} is not a folder: name the data set's")
        found: dict[str, list[str]] = defaultdict(list)
        left = [("", frozenset((self.name,)), 0)]
        while left:
            base, above, links = left.pop()
            for entry in _entries(self._folder / base):
                path = f"{base}{entry.name}"
                links_here = links + entry.is_symlink()
                kind = self._kind(entry, above if links_here <= _MOST_LINKS else None)
                if kind == "folder":
                    left.append((f"{path}/", above | {os.path.realpath(entry.path)}, links_here))
                else:
                    found[kind].append(path)
        self.left_out = [
            f"{len(found[kind])} {what} left out, such as {found[kind][0]}{advice}"
            for kind, (what, advice) in _LEFT_OUT.items()
            if found[kind]
        ]
        for path in found["file"]:
            try:
                path.encode()
            except UnicodeEncodeError as error:
                raise ImageError(f"the name {path!r} is not in UTF-8: rename the file") from error
        return sorted(found["file"])

    def _kind(self, entry: os.DirEntry[str], above: Collection[str] | None) -> str:
        """Tell what something is; `above` are the folders it is in, None: no more links."""
        if not entry.is_symlink():
            is_folder, is_file = entry.is_dir(), entry.is_file()
        else:
            real = os.path.realpath(entry.path)
            if not self._follow and not Path(real).is_relative_to(self.name):
                return "away"
            is_folder = os.path.isdir(real)  # noqa: PTH112 (pathlib's may raise)
            is_file = os.path.isfile(real) or not os.path.exists(real)  # noqa: PTH110, PTH113
            if is_folder and (above is None or real in above):
                return "circle"
        return "folder" if is_folder else "file" if is_file else "odd"

    def read(self, path: str, most: int = MOST) -> bytes:
        """Return a file's content; what is larger or cannot be read is an `ImageError`."""
        place = self._folder / path
        try:
            with place.open("rb") as file:
                check_bytes(os.fstat(file.fileno()).st_size, most, path)
                return file.read()
        except OSError as error:
            raise ImageError(reading_advice(place, error)) from error

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
            with suppress(OSError):
                part.unlink()
            full = "free some space; the same command continues"
            advice = full if disk_is_full(error) else "see to it, or name another"
            reason = f"cannot be written ({error.strerror or error})"
            raise ImageError(f"{target} {reason}: {advice}") from error

    def size(self, path: str) -> int | None:
        """Return a file's size in bytes; None: it is not there."""
        try:
            return (self._folder / path).stat().st_size
        except OSError:
            return None


class _RemoteStore(Store):
    """What fsspec reaches; stores of objects make a file whole or not at all."""

    def __init__(self, url: str) -> None:
        with importing("a data set elsewhere", "scale"):
            import fsspec
        self.name, self.left_out = url.rstrip("/"), []
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

    def read(self, path: str, most: int = MOST) -> bytes:
        try:
            # Not all systems know it before.
            check_bytes(self._system.size(self._root + path) or 0, most, path)
            content = bytes(self._system.cat_file(self._root + path))
        except OSError as error:
            raise ImageError(f"{self._root}{path} cannot be read: {error}") from error
        check_bytes(len(content), most, path)
        return content

    def write(self, path: str, content: bytes) -> None:
        self._system.makedirs((self._root + path).rpartition("/")[0], exist_ok=True)
        self._system.pipe_file(self._root + path, content)

    def size(self, path: str) -> int | None:
        try:
            return int(self._system.size(self._root + path))
        except FileNotFoundError:
            return None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        reason = f"cannot be listed ({error.strerror})"
        raise ImageError(f"{folder} {reason}: allow reading it, or take it away") from error


def check_bytes(count: int, most: int, name: str) -> None:
    """Raise an `ImageError` for what takes more bytes than are allowed."""
    if count > most:
        raise ImageError(
            f"{name} takes {_amount(count)}, more than {_amount(most)}: raise --max-bytes if it "
            "is what it should be"
        )


def _amount(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} TiB"


def open_store(place: str | Path, follow_links: bool = False) -> Store:
    """Return the store of a folder, which need not exist, or of an address of fsspec: `s3://…`."""
    return _RemoteStore(str(place)) if "://" in str(place) else Store(Path(place), follow_links)
