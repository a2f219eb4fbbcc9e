"""The state of a crawl: a database in its folder that survives a kill at any moment."""

import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from impasto.collect.items import LOG, MANIFEST, NAME, CrawlItem

_PART = ".collect.part"  # a file that is being written
_NEW = ", ".join(CrawlItem._fields[:-1])
_MARKS = ", ".join("?" * len(CrawlItem._fields[:-1]))
#: For one process, until it ends, however it ends.
_BEGIN = f"""
PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS items ({_NEW}, id INTEGER PRIMARY KEY, UNIQUE (url));
CREATE INDEX IF NOT EXISTS turns ON items (place, id) WHERE pending;
CREATE INDEX IF NOT EXISTS contents ON items (sha256);
COMMIT;
"""
#: What was found on a page and is given now is a start, and read again, as all that it leads to.
_GIVEN = """
ON CONFLICT (url) DO UPDATE SET
    kind = excluded.kind, depth = 0, page = NULL, pending = 1, etag = NULL, modified = NULL
WHERE page IS NOT NULL AND file IS NULL AND outcome IS NOT 'removed'
"""
_IN_MANIFEST = """file url page title author license license_url sha256 phash width height bytes
type time source"""


class StateDB:
    """The database of a folder, for one process; changes belong together in `with db.base:`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.base = sqlite3.connect(folder / NAME, timeout=1.0)
        try:
            self.base.executescript(_BEGIN)
        except BaseException:
            self.base.close()
            raise

    def close(self) -> None:
        """Bring folder and lists in order, and close the database."""
        with closing(self.base):
            self.tidy()
            self._write_lists()

    def begin(self, items: Iterable[CrawlItem], digest: int) -> None:
        """Add the items that were given; with other options, or nothing pending, start over."""
        self.tidy()
        with self.base:
            changed = self.base.execute("PRAGMA user_version").fetchone()[0] != digest
            if changed:
                # What was rejected may be wanted now, whether or not it has changed.
                forget = "UPDATE items SET etag = NULL, modified = NULL WHERE file IS NULL"
                self.base.execute(forget)
                self.base.execute(f"PRAGMA user_version = {digest}")
            self.add(items)
            if changed or not self.select("pending LIMIT 1"):
                self.base.execute("UPDATE items SET pending = 1 WHERE outcome IS NOT 'removed'")
        self._write_lists()

    def add(self, items: Iterable[CrawlItem], parent: CrawlItem | None = None) -> None:
        """Add items that are new, in this order; those without a parent were given.

        Pictures come right after their page, pages after all others: few addresses wait.
        """
        last = self.base.execute("SELECT COALESCE(MAX(place), 0) FROM items").fetchone()[0]
        known = "ON CONFLICT (url) DO NOTHING" if parent else _GIVEN
        for item in items:
            place = parent.place if parent and item.kind in ("picture", "link") else last + 1
            last = max(last, place)
            row = item._replace(place=place)[:-1]
            self.base.execute(f"INSERT INTO items ({_NEW}) VALUES ({_MARKS}) {known}", row)

    def select(self, where: str, *values: object) -> list[CrawlItem]:
        """Return the items for which an SQL condition holds."""
        rows = self.base.execute(f"SELECT {_NEW}, id FROM items WHERE {where}", values)
        return [CrawlItem(*row) for row in rows]

    def update(self, item: CrawlItem, **changes: Any) -> CrawlItem:  # noqa: ANN401
        """Change columns of an item; return it as it is then."""
        marks = ", ".join(f"{name} = ?" for name in changes)
        self.base.execute(f"UPDATE items SET {marks} WHERE id = ?", (*changes.values(), item.id))
        return item._replace(**changes)

    def tidy(self) -> None:
        """Remove what is unfinished or replaced; what was removed by hand does not come again."""
        (self.folder / _PART).unlink(missing_ok=True)
        for item in self.select("file IS NOT NULL"):
            with self.base:
                if item.replaced:
                    (self.folder / item.replaced).unlink(missing_ok=True)
                    self.update(item, replaced=None)
                if not (self.folder / str(item.file)).is_file():
                    detail = f"{item.file} was removed by hand"
                    self.update(item, file=None, pending=0, outcome="removed", detail=detail)

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the folder, whole or not at all."""
        part = self.folder / _PART
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / name)

    def _write_lists(self) -> None:
        rejected = "NOT pending AND outcome NOT IN ('kept', 'visited') ORDER BY place, id"
        for name, where in ((MANIFEST, "file IS NOT NULL ORDER BY place, id"), (LOG, rejected)):
            self.write(name, "".join(_line(each, name) for each in self.select(where)).encode())

    def record(self, item: CrawlItem) -> None:
        """Append a line for an item to its list while a run goes on."""
        name = MANIFEST if item.outcome == "kept" else LOG
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(_line(item, name))


def _line(item: CrawlItem, name: str) -> str:
    entry = {"url": item.url, "page": item.page, "reason": item.outcome, "detail": item.detail}
    if name == MANIFEST:
        entry = {field: getattr(item, field) for field in _IN_MANIFEST.split()}
    return json.dumps(entry, ensure_ascii=False) + "\n"
