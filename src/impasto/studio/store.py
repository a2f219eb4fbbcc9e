"""What visitors have here for a while: by random ids, each thing known to its visitor only.

What they upload is decoded elsewhere, and then a file of theirs.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from impasto.errors import ImageError, ImpastoError
from impasto.studio.processes import PICTURE, SMALL, decode, small_copy
from impasto.studio.turns import Ticket, Turns

#: Things and bytes that one visitor may have, and bytes in all.
MOST_THINGS, MOST_BYTES, MOST_IN_ALL = 300, 2_000_000_000, 10_000_000_000
T = TypeVar("T", bound="Kept")


class GoneError(ImpastoError):
    """What was asked for is not there, or not this visitor's."""

    status = 404


class LimitError(ImpastoError):
    """A limit of the studio is reached."""

    status = 429


@dataclass
class Visitor:
    """Who asks: whose files and results they see, and whose turn and limits it is.

    `named` is what the request has named: it is kept until the request, or its run, is done.
    """

    id: str
    who: str
    named: list[Kept] = field(default_factory=list)

    def look(self) -> None:
        """Keep what the request has named."""
        for each in self.named:
            each.look()


@dataclass(eq=False)
class Kept:
    """Something that a visitor has, in a folder of its own; it stays while `works` need it."""

    #: What is said where it is not there any more, and whether it makes room for what is new.
    gone: ClassVar[str]
    makes_room: ClassVar[bool] = False
    folder: Path
    visitor: Visitor
    used: float = field(default_factory=time.monotonic, init=False)
    works: list[Future[None]] = field(default_factory=list, init=False)
    removed: bool = field(default=False, init=False)
    _size: int | None = field(default=None, init=False)

    @property
    def id(self) -> str:
        """What its visitor knows it by."""
        return self.folder.name

    @property
    def busy(self) -> bool:
        """Whether it is being made."""
        return False

    @property
    def size(self) -> int:
        """Of its folder, in bytes."""
        if self.busy:
            return folder_size(self.folder)
        if self._size is None:
            self._size = folder_size(self.folder)
        return self._size

    def look(self) -> None:
        """Keep it for a while from now on."""
        self.used = time.monotonic()


class Store:
    """What all visitors have; each thing goes `lasting` seconds after it was last used."""

    def __init__(self, folder: Path, lasting: float) -> None:
        self._folder, self._lasting = folder, lasting
        self._things: dict[str, Kept] = {}

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """Make a folder for something new; it goes where the block fails."""
        folder = self._folder / secrets.token_urlsafe(16)
        folder.mkdir(parents=True)
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def keep(self, thing: T) -> T:
        """Keep something, and return it."""
        self._things[thing.id] = thing
        return thing

    def has(self, thing: Kept) -> bool:
        """Return whether something is still there."""
        return thing.id in self._things and not thing.removed

    def get(self, visitor: Visitor, id: str, kind: type[T]) -> T:
        """Return something that a visitor has, or raise GoneError."""
        self._sweep()
        found = self._things.get(id)
        if not isinstance(found, kind) or found.removed or found.visitor.id != visitor.id:
            raise GoneError(kind.gone)
        found.look()
        visitor.named.append(found)
        return found

    def of(self, who: str, kind: type[T]) -> list[T]:
        """Return all of a kind that counts for somebody's limits, what was used last at the end."""
        things = [each for each in list(self._things.values()) if isinstance(each, kind)]
        return sorted((each for each in things if each.visitor.who == who), key=lambda e: e.used)

    def remove(self, thing: Kept) -> None:
        """Take something from its visitor, and delete it as soon as no work needs it."""
        thing.removed = True
        for work in list(thing.works):
            if not work.done():
                work.add_done_callback(lambda _: self.remove(thing))
                return
        self._things.pop(thing.id, None)
        shutil.rmtree(thing.folder, ignore_errors=True)

    def make_room(self, visitor: Visitor, kind: type[Kept], most: int, size: int = 0) -> None:
        """Let a visitor's own oldest results go for one more of a kind; LimitError: no room.

        Limits are for all who share them: how many `most` are of the kind, and the bytes of all.
        """
        self._sweep()
        own = self.of(visitor.who, Kept)

        def is_room() -> bool:
            number = sum(isinstance(each, kind) for each in own)
            return number < most and sum(each.size for each in own) + size <= MOST_BYTES

        for old in [e for e in own if e.makes_room and not e.busy and e.visitor.id == visitor.id]:
            if not is_room():
                own.remove(old)
                self.remove(old)
        if not is_room():
            raise LimitError("you have too much here: delete pictures, or come back later")
        if sum(each.size for each in list(self._things.values())) + size > MOST_IN_ALL:
            raise LimitError("the studio has no room for more: try again later")

    def close(self) -> list[Kept]:
        """Delete everything, and return what that was."""
        things = list(self._things.values())
        for each in things:
            self.remove(each)
        return things

    def _sweep(self) -> None:
        end = time.monotonic() - self._lasting
        for each in list(self._things.values()):
            if each.used < end and not each.busy:
                self.remove(each)


def folder_size(folder: Path) -> int:
    """Return how many bytes the files of a folder have."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # somebody else removes it
            total += path.stat().st_size
    return total


#: Uploads that may wait, half of them one visitor's, and that are decoded at once.
_MOST_WAITING, _AT_ONCE = 16, 2


@dataclass(eq=False)
class File(Kept):
    """An upload: `facts` are its `kind`, `width`, `height`, and of a clip `seconds`."""

    gone = "this picture is not here any more: choose it again"
    name: str
    path: Path
    facts: dict[str, Any]

    @property
    def small(self) -> Path:
        """A small copy of it, JPEG."""
        return self.folder / SMALL

    def described(self) -> dict[str, Any]:
        """Return what its visitor is told of it."""
        address = f"api/files/{self.id}/thumbnail"
        return {"id": self.id, "name": self.name, "thumbnail": address, **self.facts}


class Files:
    """Takes uploads; pictures are scaled to a longest side of `size` pixels at most."""

    def __init__(self, store: Store, size: int) -> None:
        self._store, self._size = store, size
        self._decoding = Turns(_MOST_WAITING, _AT_ONCE)

    def add(self, visitor: Visitor, upload: Path, name: str, kind: str = "") -> File:
        """Take an upload, which may be moved: a `picture`, a `clip`, or whichever it is.

        ImageError: It cannot be used. LimitError: There is no room. BusyError: Too many wait.
        """
        self._store.make_room(visitor, Kept, MOST_THINGS, upload.stat().st_size)
        with self._store.new_folder() as folder:
            with self._decoding.turn(Ticket(visitor.who)):
                facts = decode(upload, folder, self._size, kind)
            if facts["kind"] == "clip":
                path = folder / f"clip{upload.suffix.lower()}"
                shutil.move(upload, path)
            else:
                path = (folder / PICTURE).rename(folder / f"{_clean(Path(name).stem)}.png")
            name = Path(name).name[:80].replace("\0", "") or "picture"
            return self._store.keep(File(folder, visitor, name, path, facts))

    def put(self, visitor: Visitor, source: Path, name: str, facts: dict[str, Any]) -> File:
        """Copy a file that the studio itself has made or kept, or raise LimitError."""
        self._store.make_room(visitor, Kept, MOST_THINGS, source.stat().st_size)
        with self._store.new_folder() as folder:
            path = Path(shutil.copy(source, folder / f"{facts['kind']}{source.suffix.lower()}"))
            if facts["kind"] == "picture":
                (folder / SMALL).write_bytes(small_copy(path))
            return self._store.keep(File(folder, visitor, name[:80], path, facts))

    def picture(self, visitor: Visitor, id: str) -> File:
        """Return a visitor's picture, or raise GoneError; ImageError: it is something else."""
        file = self._store.get(visitor, id, File)
        if file.facts["kind"] != "picture":
            raise ImageError(f"{file.name} is not a picture: choose a picture")
        return file


def _clean(stem: str) -> str:
    """Return a name of a file that every file system takes."""
    return "".join(c for c in stem if c.isalnum() or c in " -_.")[:40].strip(" .") or "picture"
