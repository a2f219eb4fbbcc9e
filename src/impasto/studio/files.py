"""What visitors upload: files by random ids, each known to its visitor only, for a while."""

from __future__ import annotations

import io
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, ImpastoError
from impasto.images import open_picture
from impasto.studio.decoding import PICTURE, SMALL, THUMBNAIL, decode

#: Files and bytes that one visitor may have, and bytes in all.
MOST_FILES, MOST_BYTES, MOST_IN_ALL = 300, 2_000_000_000, 10_000_000_000
#: Uploads that are decoded at once.
_DECODED_AT_ONCE = 2
#: Uploads of one visitor that may wait, a quarter of those of all.
_MOST_WAITING = 8


class GoneError(ImpastoError):
    """What was asked for is not there, or not this visitor's."""


class LimitError(ImpastoError):
    """A limit of the studio is reached."""


@dataclass
class File:
    """An upload that can be painted, or a style.

    Attributes:
        id: What its visitor knows it by.
        visitor: Whose it is.
        who: Whose limits it counts for.
        name: What its owner calls it: `harbour.jpg`.
        path: What painting opens.
        facts: `kind`, `width`, `height`, and of a clip `seconds`.
        size: Of its folder, in bytes.
    """

    id: str
    visitor: str
    who: str
    name: str
    path: Path
    facts: dict[str, Any]
    size: int
    used: float = field(default_factory=time.monotonic)

    @property
    def small(self) -> Path:
        """A small copy of it, JPEG."""
        return self.path.parent / SMALL

    def described(self) -> dict[str, Any]:
        """Return what its visitor is told of it."""
        address = f"api/files/{self.id}/thumbnail"
        return {"id": self.id, "name": self.name, "thumbnail": address, **self.facts}


class Files:
    """The uploads of all visitors.

    Args:
        folder: Where they are.
        size: Longest side of pictures, in pixels, at most.
        lasting: Seconds that one is kept after it was last used.
    """

    def __init__(self, folder: Path, size: int, lasting: float) -> None:
        self._folder, self._size, self._lasting = folder, size, lasting
        self._files: dict[str, File] = {}
        self._lock = threading.Lock()
        self._decoding = threading.Semaphore(_DECODED_AT_ONCE)
        self._waiting: Counter[str] = Counter()

    def add(self, visitor: str, who: str, upload: Path, name: str, kind: str = "") -> File:
        """Take an upload, which is moved or deleted.

        Args:
            visitor: Whose it is.
            who: Whose limits it counts for, and who waits for their own uploads only.
            upload: The file.
            name: What its owner calls it.
            kind: `picture`, `clip`, or `""`: whichever it is.

        Raises:
            ImageError: It cannot be used.
            LimitError: This visitor, or all, have too much here.
        """
        id, folder = self._new()
        try:
            self._check_limits(who, upload.stat().st_size)
            with self._turn(who):
                facts = decode(upload, folder, self._size, kind)
            path = folder / f"{_clean(Path(name).stem)}.png"
            if facts["kind"] == "clip":
                path = folder / f"clip{upload.suffix.lower()}"
                shutil.move(upload, path)
            else:
                (folder / PICTURE).rename(path)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            upload.unlink(missing_ok=True)
        return self._kept(id, visitor, who, Path(name).name, path, facts)

    def put(self, visitor: str, who: str, source: Path, name: str, facts: dict[str, Any]) -> File:
        """Copy a file that the studio itself has made or kept, or raise LimitError."""
        self._check_limits(who, source.stat().st_size)
        id, folder = self._new()
        path = Path(shutil.copy(source, folder / f"{facts['kind']}{source.suffix.lower()}"))
        if facts["kind"] == "picture":
            (folder / SMALL).write_bytes(small_copy(path))
        return self._kept(id, visitor, who, name, path, facts)

    @contextmanager
    def _turn(self, who: str) -> Iterator[None]:
        """Wait for a turn to decode; LimitError: too many of this visitor, or of all, wait."""
        with self._lock:
            waiting = self._waiting[who]
            if waiting >= _MOST_WAITING or self._waiting.total() >= 4 * _MOST_WAITING:
                raise LimitError("too many uploads at once: try again in a moment")
            self._waiting[who] += 1
        try:
            with self._decoding:
                yield
        finally:
            with self._lock:
                self._waiting[who] -= 1
                self._waiting += Counter()  # without those that are zero

    def get(self, visitor: str, id: str) -> File:
        """Return a visitor's file, or raise GoneError."""
        self._sweep()
        file = self._files.get(id)
        if file is None or file.visitor != visitor:
            raise GoneError("this picture is not here any more: choose it again")
        file.used = time.monotonic()
        return file

    def picture(self, visitor: str, id: str) -> File:
        """Return a visitor's picture, or raise GoneError; ImageError: it is something else."""
        file = self.get(visitor, id)
        if file.facts["kind"] != "picture":
            raise ImageError(f"{file.name} is not a picture: choose a picture")
        return file

    def delete(self, visitor: str, id: str) -> None:
        """Delete a visitor's file, or raise GoneError."""
        self._remove(self.get(visitor, id))

    def _new(self) -> tuple[str, Path]:
        id = secrets.token_urlsafe(16)
        folder = self._folder / "files" / id
        folder.mkdir(parents=True)
        return id, folder

    def _kept(
        self, id: str, visitor: str, who: str, name: str, path: Path, facts: dict[str, Any]
    ) -> File:
        size = sum(each.stat().st_size for each in path.parent.iterdir())
        file = File(id, visitor, who, name[:80].replace("\0", "") or "picture", path, facts, size)
        with self._lock:
            self._files[id] = file
        return file

    def _check_limits(self, who: str, size: int) -> None:
        self._sweep()
        files = list(self._files.values())
        own = [file.size for file in files if file.who == who]
        if len(own) >= MOST_FILES or sum(own) + size > MOST_BYTES:
            raise LimitError("you have uploaded too much: delete pictures, or come back later")
        if sum(file.size for file in files) + size > MOST_IN_ALL:
            raise LimitError("the studio has no room for more uploads: try again later")

    def _sweep(self) -> None:
        for file in self._old():
            self._remove(file)

    def _old(self) -> Iterator[File]:
        end = time.monotonic() - self._lasting
        yield from [file for file in list(self._files.values()) if file.used < end]

    def _remove(self, file: File) -> None:
        with self._lock:
            self._files.pop(file.id, None)
        shutil.rmtree(file.path.parent, ignore_errors=True)


def _clean(stem: str) -> str:
    """Return a name of a file that every file system takes."""
    return "".join(c for c in stem if c.isalnum() or c in " -_.")[:40].strip(" .") or "picture"


def small_copy(path: Path) -> bytes:
    """Return a thumbnail of one of the studio's own pictures, JPEG."""
    picture = open_picture(path, max_size=2 * THUMBNAIL).on_white()
    file = io.BytesIO()
    picture.resized(min(THUMBNAIL, max(picture.size))).to_pil().save(file, "JPEG", quality=78)
    return file.getvalue()
