"""The state of a crawl: a database in its folder that survives a kill at any moment."""

import json
import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from impasto.collect.items import LOG, MANIFEST, NAME, CrawlItem
from impasto.files import replacing, sha256_of

_PART = ".collect-{}.part"
#: What a kill may leave: responses, and lists that were being written.
_UNFINISHED = (_PART.format("*"), f".{MANIFEST}.*.part", f".{LOG}.*.part")
_COLUMNS = ", ".join(CrawlItem._fields)
_NEW = ", ".join(CrawlItem._fields[:-1])
_MARKS = ", ".join("?" * len(CrawlItem._fields[:-1]))
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS items ({_NEW}, id INTEGER PRIMARY KEY, UNIQUE (url));
CREATE INDEX IF NOT EXISTS turns ON items (place, id) WHERE pending;
CREATE INDEX IF NOT EXISTS contents ON items (sha256);
"""
#: What was found on a page and is given now is a start, and read again, as all that it leads to.
_GIVEN = """
ON CONFLICT (url) DO UPDATE SET
    kind = excluded.kind, depth = 0, page = NULL, pending = 1, etag = NULL, modified = NULL
WHERE page IS NOT NULL AND file IS NULL AND outcome IS NOT 'removed'
"""
_MANIFEST_FIELDS = (
    *("file", "url", "page", "title", "author", "license", "license_url", "sha256", "phash"),
    *("width", "height", "bytes", "type", "time", "source"),
)


class StateDB:
    """The database of a folder, for one process and one thread.

    Changes belong into `with db.base:`, which commits them together or not at all.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.base = _opened(folder / NAME)

    def begin(self, items: Iterable[CrawlItem], options: str) -> None:
        """Add the items that were given; with other options, or nothing pending, start over."""
        digest = zlib.crc32(options.encode()) >> 1
        with self.base:
            changed = self.base.execute("PRAGMA user_version").fetchone()[0] != digest
            if changed:
                # What was rejected may be wanted now, whether or not it has changed.
                self.base.execute(
                    "UPDATE items SET etag = NULL, modified = NULL WHERE file IS NULL"
                )
                self.base.execute(f"PRAGMA user_version = {digest}")
            self.add(items)
            if changed or not self.select("pending LIMIT 1"):
                self.base.execute("UPDATE items SET pending = 1 WHERE outcome IS NOT 'removed'")

    def add(self, items: Iterable[CrawlItem], parent: CrawlItem | None = None) -> None:
        """Add items that are new, in this order; those without a parent were given.

        Pictures and links to them come right after the page they are on, pages after all others:
        so pages are read breadth first, and few addresses wait.
        """
        last = self.base.execute("SELECT COALESCE(MAX(place), 0) FROM items").fetchone()[0]
        known = "ON CONFLICT (url) DO NOTHING" if parent else _GIVEN
        for item in items:
            place = parent.place if parent and item.kind in ("picture", "link") else None
            last += place is None
            row = item._replace(place=last if place is None else place)[:-1]
            self.base.execute(f"INSERT INTO items ({_NEW}) VALUES ({_MARKS}) {known}", row)

    def select(self, where: str, *values: object) -> list[CrawlItem]:
        """Return the items for which an SQL condition holds."""
        rows = self.base.execute(f"SELECT {_COLUMNS} FROM items WHERE {where}", values)
        return [CrawlItem(*row) for row in rows]

    def update(self, item: CrawlItem, **changes: Any) -> CrawlItem:  # noqa: ANN401
        """Change columns of an item; return it as it is then."""
        marks = ", ".join(f"{name} = ?" for name in changes)
        self.base.execute(f"UPDATE items SET {marks} WHERE id = ?", (*changes.values(), item.id))
        return item._replace(**changes)

    def part_of(self, item: CrawlItem) -> Path:
        """Return where an item's file is until it is kept."""
        return self.folder / _PART.format(item.id)

    def tidy(self) -> None:
        """Bring folder and database together: each row has its file, no unfinished file is left.

        A picture whose file was removed by hand is not collected again, nor its duplicates.
        """
        self.remove_replaced()
        for item in self.select("file IS NOT NULL"):
            file, part = self.folder / str(item.file), self.part_of(item)
            if file.is_file():
                continue
            if part.is_file() and sha256_of(part) == item.sha256:  # killed between row and name
                part.replace(file)
                continue
            detail = f"{item.file} was removed by hand"
            with self.base:
                self.update(item, file=None, pending=0, outcome="removed", detail=detail)
        for pattern in _UNFINISHED:
            for part in self.folder.glob(pattern):
                part.unlink(missing_ok=True)

    def remove_replaced(self) -> None:
        """Remove the files that newer ones from the same address have replaced."""
        for item in self.select("replaced IS NOT NULL"):
            (self.folder / str(item.replaced)).unlink(missing_ok=True)
            with self.base:
                self.update(item, replaced=None)

    def write_records(self) -> None:
        """Write both lists as the database has them, each whole or not at all."""
        rejected = "NOT pending AND outcome NOT IN ('kept', 'visited') ORDER BY place, id"
        for name, where in ((MANIFEST, "file IS NOT NULL ORDER BY place, id"), (LOG, rejected)):
            lines = [_line(item, name) for item in self.select(where)]
            with replacing(self.folder / name) as part:
                part.write_text("".join(lines), encoding="utf-8")

    def record(self, item: CrawlItem) -> None:
        """Append a line for an item to its list while a run goes on."""
        name = MANIFEST if item.outcome == "kept" else LOG
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(_line(item, name))


def _line(item: CrawlItem, name: str) -> str:
    entry = {"url": item.url, "page": item.page, "reason": item.outcome, "detail": item.detail}
    if name == MANIFEST:
        entry = {field: getattr(item, field) for field in _MANIFEST_FIELDS}
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _opened(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=1.0)
    try:
        # For one process, until it ends, however it ends.
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("BEGIN IMMEDIATE")
        base.executescript(_SCHEMA)  # commits first
    except BaseException:
        base.close()
        raise
    return base
