"""Results that are kept: a folder for each visitor, a folder in it for each result."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImageError
from impasto.images import Picture
from impasto.settings import Settings
from impasto.studio.regions import Regions

_LOG = logging.getLogger(__name__)
#: Longest side of a thumbnail.
_THUMBNAIL = 320
#: Results of a visitor that are kept: the oldest make room.
MOST = 200
#: Days that results of strangers are kept, and bytes of all of theirs: the oldest make room.
DAYS, MOST_BYTES = 30, 5_000_000_000
_NAME = re.compile(r"\d{8}-\d{6}-\d{9}-[0-9a-f]{8}")
_RESULT, _THUMB, _ENTRY, _ANIMATION, _PLOT = (
    *("result.png", "thumbnail.jpg", "entry.json"),
    *("process.webp", "losses.png"),
)


@dataclass(frozen=True)
class Entry:
    """A result that is kept."""

    folder: Path
    title: str
    content: Path
    styles: tuple[Path, ...]
    settings: dict[str, Any]
    regions: Regions = field(default_factory=Regions)

    @property
    def name(self) -> str:
        """What it is called in the history."""
        return self.folder.name

    @property
    def result(self) -> Path:
        """The picture."""
        return self.folder / _RESULT

    @property
    def thumbnail(self) -> Path:
        """A small copy."""
        return self.folder / _THUMB

    @property
    def animation(self) -> Path:
        """How it came to be, if that was kept."""
        return self.folder / _ANIMATION

    @property
    def plot(self) -> Path:
        """The losses, if there were any."""
        return self.folder / _PLOT


class History:
    """The results of all visitors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self,
        visitor: str,
        picture: Picture,
        content: Path,
        styles: Sequence[Path],
        settings: Settings,
        regions: Regions | None = None,
    ) -> Entry:
        """Keep a result, with copies of what it was made of, or raise ImageError."""
        name = _name(time.time_ns())
        part = self._place(visitor) / f".{name}"
        try:
            part.mkdir(parents=True)
            picture.save(part / _RESULT)
            picture.resized(min(_THUMBNAIL, max(picture.size))).on_white().save(part / _THUMB)
            copies = [_copied(source, part, role) for source, role in _roles(content, styles)]
            masks = (regions or Regions()).moved(lambda mask, role: _copied(mask, part, role))
            title = _title(content, styles)
            entry = Entry(part, title, copies[0], tuple(copies[1:]), settings.to_dict(), masks)
            (part / _ENTRY).write_text(json.dumps(_portable(entry)), "utf-8")
            whole = part.rename(part.with_name(name))
        except (OSError, ImageError) as error:
            shutil.rmtree(part, ignore_errors=True)
            reason = getattr(error, "strerror", None) or str(error).replace(f"{part}/", "")
            _LOG.warning("the history in %s cannot be written: %s", self.folder, reason)
            raise ImageError(f"the history cannot be written: {reason}") from error
        for old in self._names(visitor)[MOST:]:
            self.delete(visitor, old)
        if visitor:
            self._make_room()
        return self._read(whole)

    def entries(self, visitor: str) -> list[Entry]:
        """Return what a visitor has, the newest first."""
        found = []
        for name in self._names(visitor):
            with suppress(OSError, ValueError, KeyError):  # half deleted, or by another version
                found.append(self._read(self._place(visitor) / name))
        return found

    def get(self, visitor: str, name: str) -> Entry:
        """Return one of a visitor's results, or raise ImageError."""
        folder = self._place(visitor) / name
        if _NAME.fullmatch(name) and folder.is_dir():
            with suppress(OSError, ValueError, KeyError):
                return self._read(folder)
        raise ImageError("this result is not in the history any more")

    def delete(self, visitor: str, name: str) -> None:
        """Delete one of a visitor's results, if he has it."""
        if _NAME.fullmatch(name):
            _remove(self._place(visitor) / name)

    def _make_room(self) -> None:
        """Let go what strangers have kept for long, and the oldest where it is too much."""
        end = _name(time.time_ns() - 86400 * DAYS * 10**9)
        total = 0
        # Names begin with the time; those of what is half kept with a dot.
        kept = {place.name.lstrip("."): place for place in self.folder.glob("visitor-*/*")}
        for name, place in sorted(kept.items(), reverse=True):
            with suppress(OSError):  # somebody else removes it
                total += sum(each.stat().st_size for each in place.iterdir())
            if name < end or total > MOST_BYTES:
                _remove(place)
                with suppress(OSError):  # there is more in it
                    place.parent.rmdir()

    def _place(self, visitor: str) -> Path:
        """Return a visitor's folder, whose name tells nothing about him."""
        if not visitor:
            return self.folder / "results"
        return self.folder / f"visitor-{hashlib.sha256(visitor.encode()).hexdigest()[:32]}"

    def _names(self, visitor: str) -> list[str]:
        place = self._place(visitor)
        if not place.is_dir():
            return []
        return sorted((p.name for p in place.iterdir() if _NAME.fullmatch(p.name)), reverse=True)

    def _read(self, folder: Path) -> Entry:
        kept = json.loads((folder / _ENTRY).read_text("utf-8"))
        entry = Entry(
            folder,
            str(kept["title"]),
            folder / Path(kept["content"]).name,
            tuple(folder / Path(style).name for style in kept["styles"]),
            dict(kept["settings"]),
            Regions.from_dict(kept.get("regions")).moved(lambda mask, _: folder / mask.name),
        )
        for file in (entry.result, entry.thumbnail):
            file.stat()  # an entry without them is none
        return entry


def _name(moment: int) -> str:
    """Return a new name; names are in the order of their moments, in nanoseconds (UTC)."""
    second, fraction = divmod(moment, 10**9)
    day = time.strftime("%Y%m%d-%H%M%S", time.gmtime(second))
    return f"{day}-{fraction:09}-{secrets.token_hex(4)}"


def _remove(folder: Path) -> None:
    """Delete a result: first its name, so that it is there or not, and never half."""
    hidden = folder.with_name(f".{folder.name.lstrip('.')}")
    with suppress(OSError):  # it is gone already
        folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def _portable(entry: Entry) -> dict[str, Any]:
    """Return what an entry's file says: names only, so that the folder may be moved."""
    said = asdict(entry)
    del said["folder"]
    return {
        **said,
        "content": entry.content.name,
        "styles": [each.name for each in entry.styles],
        "regions": entry.regions.moved(lambda mask, _: Path(mask.name)).to_dict(),
    }


def _roles(content: Path, styles: Sequence[Path]) -> list[tuple[Path, str]]:
    return [(content, "content"), *((each, f"style-{i}") for i, each in enumerate(styles, 1))]


def _copied(source: Path, folder: Path, role: str) -> Path:
    """Copy a picture under a name of ours, which keeps its own for those who read it."""
    stem = re.sub(r"[^\w-]+", "_", source.stem)[:40] or "picture"
    target = folder / f"{role} {stem}{source.suffix.lower()}"
    shutil.copyfile(source, target)
    return target


def _title(content: Path, styles: Sequence[Path]) -> str:
    names = " + ".join(style.stem for style in styles)
    return f"{content.stem} x {names}"
