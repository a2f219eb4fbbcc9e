"""Results that are kept: a folder for each visitor, a folder in it for each result."""

import calendar
import hashlib
import json
import logging
import re
import secrets
import shlex
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImageError
from impasto.images import Picture
from impasto.recipes import option_words
from impasto.settings import Settings
from impasto.studio.engine import Order
from impasto.studio.store import GoneError, folder_size

_LOG = logging.getLogger(__name__)
#: Longest side of a small copy.
_SMALL = 320
#: Results of a visitor that are kept: the oldest make room.
MOST = 200
#: Days that results of strangers are kept, and bytes of all of theirs: the oldest make room.
DAYS, MOST_BYTES = 30, 5_000_000_000
_NAME = re.compile(r"\d{8}-\d{6}-\d{9}-[0-9a-f]{8}")
#: Files of each.
RESULT, THUMBNAIL, PROCESS, _ENTRY = "result.png", "thumbnail.jpg", "process.webp", "entry.json"


@dataclass(frozen=True)
class Entry:
    """A result that is kept; `content`, `styles` and `regions` are names of files in its folder."""

    folder: Path
    names: list[str]  # what its content and its styles are called
    content: str
    styles: list[str]
    named: list[str | None]  # the names of those styles that have one
    size: list[int]  # (width, height) of the result
    settings: dict[str, Any]
    #: `keep`, a mask of what stays, or None; `styles`, of what takes each style.
    regions: dict[str, Any] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """Return where one of its files is."""
        return self.folder / Path(name).name

    @property
    def name(self) -> str:
        """What it is called in the history."""
        return self.folder.name

    @property
    def title(self) -> str:
        """What it is called: `harbour x mosaic`."""
        content, *styles = (Path(name).stem for name in self.names)
        return f"{content} x {' + '.join(styles)}"

    def described(self) -> dict[str, Any]:
        """Return what its visitor is told of it."""
        made = time.strptime(self.name[:15], "%Y%m%d-%H%M%S")
        address = f"api/history/{self.name}"
        return {
            "id": self.name,
            "title": self.title,
            "seconds_ago": max(0, round(time.time() - calendar.timegm(made))),
            "width": self.size[0],
            "height": self.size[1],
            "thumbnail": f"{address}/thumbnail",
            "picture": f"{address}/picture",
            "process": f"{address}/process" if self.path(PROCESS).is_file() else None,
            "settings": self.changed(),
            "command": self.command(),
            "python": self.python(),
        }

    def changed(self) -> dict[str, Any]:
        """Return the settings that are not the defaults."""
        plain = Settings().to_dict()
        return {name: v for name, v in self.settings.items() if v != plain.get(name)}

    def command(self) -> str:
        """Return the command that makes it."""
        return shlex.join(["impasto", "stylize", *self.names, *option_words(self.settings)])

    def python(self) -> str:
        """Return the lines of Python that make it."""
        content, *styles = self.names
        options = "".join(f", {name}={value!r}" for name, value in self.changed().items())
        style = repr(styles[0] if len(styles) == 1 else styles)
        call = f"impasto.stylize({content!r}, {style}{options})"
        return f'import impasto\n\n{call}.save("painted.png")'


class History:
    """The results of all visitors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self, visitor: str, picture: Picture, order: Order, process: Path | None = None
    ) -> Entry:
        """Keep a result, with copies of what it was made of; ImageError: it cannot be kept.

        The visitor "" is everybody; the animation of its process may be missing.
        """
        name = _name(time.time_ns())
        part = self._place(visitor) / f".{name}"
        try:
            part.mkdir(parents=True)
            picture.save(part / RESULT)
            picture.resized(min(_SMALL, max(picture.size))).on_white().save(part / THUMBNAIL)
            if process is not None and process.is_file():
                shutil.copyfile(process, part / PROCESS)
            _written(part, order, picture.size)
            part.rename(part.with_name(name))
        except (OSError, ImageError) as error:
            shutil.rmtree(part, ignore_errors=True)
            reason = getattr(error, "strerror", None) or str(error).replace(f"{part}/", "")
            _LOG.warning("the history in %s cannot be written: %s", self.folder, reason)
            raise ImageError(f"the history cannot be written: {reason}") from error
        for old in self._names(visitor)[MOST:]:
            self.delete(visitor, old)
        if visitor:
            self._make_room()
        return self.get(visitor, name)

    def entries(self, visitor: str) -> list[Entry]:
        """Return what a visitor has, the newest first."""
        found = (self._read(visitor, name) for name in self._names(visitor))
        return [entry for entry in found if entry is not None]

    def get(self, visitor: str, name: str) -> Entry:
        """Return one of a visitor's results, or raise GoneError."""
        if _NAME.fullmatch(name) and (entry := self._read(visitor, name)):
            return entry
        raise GoneError("this result is not in the history any more")

    def _read(self, visitor: str, name: str) -> Entry | None:
        folder = self._place(visitor) / name
        try:
            entry = Entry(folder, **json.loads((folder / _ENTRY).read_text("utf-8")))
        except (OSError, ValueError, TypeError):  # it is half deleted, or of another version
            return None
        return entry if entry.path(RESULT).is_file() and entry.path(THUMBNAIL).is_file() else None

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
            total += folder_size(place)
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
        places = self._place(visitor).glob("*")
        return sorted((p.name for p in places if _NAME.fullmatch(p.name)), reverse=True)


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


def _written(folder: Path, order: Order, size: tuple[int, int]) -> None:
    """Put copies of what was painted into the folder of an entry, and its file."""

    def copied(source: Path, role: str) -> str:
        return shutil.copyfile(source, folder / f"{role}{source.suffix.lower()}").name

    sources = [order.content.path, *(style.path for style in order.styles)]
    content, *styles = [copied(e, f"{i:02} {e.stem}") for i, e in enumerate(sources)]
    named = [style.name if isinstance(style.source, str) else None for style in order.styles]
    masks = [copied(m, f"mask-{n}") if m else None for n, m in enumerate(order.masks, 1)]
    regions = {"keep": copied(order.keep, "keep") if order.keep else None, "styles": masks}
    settings = order.settings.to_dict()
    entry = Entry(folder, order.names, content, styles, named, list(size), settings, regions)
    said = {name: value for name, value in vars(entry).items() if name != "folder"}
    (folder / _ENTRY).write_text(json.dumps(said), "utf-8")
