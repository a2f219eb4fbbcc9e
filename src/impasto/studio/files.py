"""What visitors upload: it is decoded elsewhere, and then a file of theirs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import ImageError
from impasto.studio.decoding import PICTURE, SMALL, decode, small_copy
from impasto.studio.store import Kept, Store, Visitor
from impasto.studio.turns import Ticket, Turns

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
    def source(self) -> Path:
        """What a stylizer takes."""
        return self.path

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
        """Take an upload, which is moved or deleted: a `picture`, a `clip`, or whichever it is.

        Raises:
            ImageError: It cannot be used.
            LimitError: There is no room for it.
            BusyError: Too many uploads wait.
        """
        try:
            self._store.make_room(visitor.who, upload.stat().st_size)
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
        finally:
            upload.unlink(missing_ok=True)

    def put(self, visitor: Visitor, source: Path, name: str, facts: dict[str, Any]) -> File:
        """Copy a file that the studio itself has made or kept, or raise LimitError."""
        self._store.make_room(visitor.who, source.stat().st_size)
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
