"""Results that are kept: a folder for each visitor, a folder in it for each result."""

from __future__ import annotations

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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImageError
from impasto.gallery.names import PREFIX, style_path
from impasto.images import Picture
from impasto.settings import Settings
from impasto.studio.engine import Order, Style
from impasto.studio.files import GoneError
from impasto.studio.regions import Regions

_LOG = logging.getLogger(__name__)
#: Longest side of a thumbnail.
_THUMBNAIL = 320
#: Results of a visitor that are kept: the oldest make room.
MOST = 200
#: Days that results of strangers are kept, and bytes of all of theirs: the oldest make room.
DAYS, MOST_BYTES = 30, 5_000_000_000
_NAME = re.compile(r"\d{8}-\d{6}-\d{9}-[0-9a-f]{8}")
_RESULT, _THUMB, _ENTRY, _ANIMATION = "result.png", "thumbnail.jpg", "entry.json", "process.webp"


@dataclass(frozen=True)
class Entry:
    """A result that is kept.

    Attributes:
        folder: Where it is.
        names: What its content and its styles are called.
        content: A copy of the content.
        styles: Copies of the styles.
        named: The names of those styles that have one, and None for the others.
        size: (width, height) of the result.
        settings: By name.
        regions: What stays, or takes one style.
    """

    folder: Path
    names: tuple[str, ...]
    content: Path
    styles: tuple[Path, ...]
    named: tuple[str | None, ...]
    size: tuple[int, int]
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
            "process": f"{address}/process" if self.animation.is_file() else None,
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
        words = ["impasto", "stylize", *self.names]
        for name, value in self.changed().items():
            said = [] if value is True else [_listed(value)]
            words += ["--" + name.replace("_", "-"), *said]
        return shlex.join(words)

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
        """Keep a result, with copies of what it was made of.

        Args:
            visitor: Whose it is; empty: everybody's.
            picture: The result.
            order: What was painted.
            process: An animation of it, which may not be there; None: there is none.

        Raises:
            ImageError: It cannot be kept.
        """
        name = _name(time.time_ns())
        part = self._place(visitor) / f".{name}"
        named = [s.removeprefix(PREFIX) if isinstance(s, str) else None for s in order.styles]
        try:
            part.mkdir(parents=True)
            picture.save(part / _RESULT)
            picture.resized(min(_THUMBNAIL, max(picture.size))).on_white().save(part / _THUMB)
            if process is not None and process.is_file():
                shutil.copyfile(process, part / _ANIMATION)
            sources = [order.content.path, *map(_path_of, order.styles)]
            copies = [_copied(each, part, f"{i:02} {each.stem}") for i, each in enumerate(sources)]
            masks = order.regions.moved(lambda mask, role: _copied(mask, part, role))
            settings = order.settings.to_dict()
            entry = Entry(
                *(part, tuple(order.names), copies[0], tuple(copies[1:]), tuple(named)),
                *(picture.size, settings, masks),
            )
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
        """Return one of a visitor's results, or raise GoneError."""
        folder = self._place(visitor) / name
        if _NAME.fullmatch(name) and folder.is_dir():
            with suppress(OSError, ValueError, KeyError):
                return self._read(folder)
        raise GoneError("this result is not in the history any more")

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
            tuple(map(str, kept["names"])),
            folder / Path(kept["content"]).name,
            tuple(folder / Path(style).name for style in kept["styles"]),
            tuple(kept["named"]),
            (int(kept["size"][0]), int(kept["size"][1])),
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


def _path_of(style: Style) -> Path:
    return style_path(style.removeprefix(PREFIX)) if isinstance(style, str) else style.path


def _copied(source: Path, folder: Path, role: str) -> Path:
    """Copy a picture under a name of ours."""
    target = folder / f"{role}{source.suffix.lower()}"
    shutil.copyfile(source, target)
    return target


def _listed(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
