"""What visitors have here for a while: by random ids, each thing known to its visitor only.

What they upload is decoded elsewhere, and then a file of theirs.
"""

import secrets
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, TypeVar

from impasto.errors import ImageError, ImpastoError
from impasto.images import output_name
from impasto.studio.processes import PICTURE, SMALL, decode, small_copy
from impasto.studio.turns import Turns

#: Things and bytes that one visitor may have, and bytes in all.
MOST_THINGS, MOST_BYTES, MOST_IN_ALL = 300, 2_000_000_000, 10_000_000_000
#: Uploads that may wait, half of them one visitor's, and that are decoded at once.
_MOST_WAITING, _AT_ONCE = 16, 2
T = TypeVar("T", bound="Kept")


class GoneError(ImpastoError):
    """What was asked for is not there, or not this visitor's."""

    status = 404


class LimitError(ImpastoError):
    """A limit of the studio is reached."""

    status = 429


@dataclass
class Visitor:
    """Who asks."""

    id: str  # whose files and results they see
    who: str  # whose turn and limits it is
    named: "list[Kept]" = field(default_factory=list)  # what the request has named

    def hold(self, work: Future[Any], *more: "Kept") -> None:
        """Keep what the request has named, and more, until some work is done."""
        for each in (*self.named, *more):
            each.works.append(work)
            work.add_done_callback(each.release)


@dataclass(eq=False)
class Kept:
    """Something that a visitor has, in a folder of its own; it stays while `works` need it."""

    #: What is said where it is not there any more, and whether it makes room for what is new.
    gone: ClassVar[str]
    makes_room: ClassVar[bool] = False
    folder: Path
    visitor: Visitor
    used: float = field(default_factory=time.monotonic, init=False)
    works: list[Future[Any]] = field(default_factory=list, init=False)
    removed: bool = field(default=False, init=False)
    _size: int | None = field(default=None, init=False)

    @property
    def id(self) -> str:
        """What its visitor knows it by."""
        return self.folder.name

    @property
    def busy(self) -> bool:
        """Whether a work needs it."""
        return not all(work.done() for work in list(self.works))

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

    def release(self, work: Future[Any]) -> None:
        """Keep it no longer for a work that is done, but for a while."""
        self.works.remove(work)
        self.look()


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


class Store:
    """What all visitors have; each thing goes `lasting` seconds after it was last used.

    Uploaded pictures are scaled to a longest side of `side` pixels at most.
    """

    def __init__(self, folder: Path, lasting: float, side: int) -> None:
        self._folder, self._lasting, self._side = folder, lasting, side
        self._things: dict[str, Kept] = {}
        self._decoding = Turns(_MOST_WAITING, _AT_ONCE)

    @contextmanager
    def new_folder(
        self, visitor: Visitor, kind: type[Kept] = Kept, most: int | None = None, size: int = 0
    ) -> Iterator[Path]:
        """Make a folder for something new of a kind; it is deleted where the block fails.

        A visitor's own oldest results make room. Limits are for all who share them: how many
        `most` are of the kind, None: as many as things, and the bytes of all. LimitError: no room.
        """
        self._sweep()
        self._make_room(visitor, kind, MOST_THINGS if most is None else most, size)
        folder = self._folder / secrets.token_urlsafe(16)
        folder.mkdir(parents=True)
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _make_room(self, visitor: Visitor, kind: type[Kept], most: int, size: int) -> None:
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

    def keep(self, thing: T) -> T:
        """Keep something, and return it."""
        self._things[thing.id] = thing
        return thing

    def add(self, visitor: Visitor, upload: BinaryIO, size: int, name: str, kind: str) -> File:
        """Take an upload of so many bytes: a `picture`, a `clip`, or "": whichever it is.

        ImageError: It cannot be used. LimitError: There is no room. BusyError: Too many wait.
        """
        name = Path(name.replace("\\", "/")).name or "picture"
        suffix = Path(name).suffix[:6].lower()
        with self.new_folder(visitor, size=size) as folder:
            path = folder / f"clip{suffix if suffix[1:].isalnum() else ''}"
            with path.open("wb") as target:
                shutil.copyfileobj(upload, target)
            decoding = partial(decode, path, folder, self._side, kind)
            facts = self._decoding.submit(visitor.who, decoding).result()
            if facts["kind"] == "picture":
                path.unlink()
                path = (folder / PICTURE).rename(folder / f"{output_name(name, ())}.png")
            name = name[:80].replace("\0", "") or "picture"
            return self.keep(File(folder, visitor, name, path, facts))

    def put(self, visitor: Visitor, source: Path, name: str, facts: dict[str, Any]) -> File:
        """Copy a file that the studio itself has made or kept, or raise LimitError."""
        with self.new_folder(visitor, size=source.stat().st_size) as folder:
            path = Path(shutil.copy(source, folder / f"{facts['kind']}{source.suffix.lower()}"))
            if facts["kind"] == "picture":
                (folder / SMALL).write_bytes(small_copy(path))
            return self.keep(File(folder, visitor, name[:80], path, facts))

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

    def file(self, visitor: Visitor, id: str, *kinds: str) -> File:
        """Return a file of one of the kinds, or raise GoneError; ImageError: it is another one."""
        found = self.get(visitor, id, File)
        if found.facts["kind"] not in kinds:
            wanted = "video" if "clip" in kinds else "picture"
            raise ImageError(f"{found.name} is not a {wanted}: choose a {wanted}")
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

    def close(self) -> list[Kept]:
        """Delete everything, and return what that was."""
        self._decoding.close()
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
