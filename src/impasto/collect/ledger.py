"""What is known of a collection: a database in its folder, right after a kill at any moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from impasto.collect.entries import Item, Kept, Lead
from impasto.errors import CollectError

NAME = ".collect.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY, url TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, depth INTEGER NOT NULL,
    place INTEGER NOT NULL, page TEXT, title TEXT, author TEXT, license TEXT, license_url TEXT,
    source TEXT NOT NULL, width INTEGER, height INTEGER, pending INTEGER NOT NULL DEFAULT 1,
    outcome TEXT, detail TEXT, etag TEXT, modified TEXT
);
CREATE INDEX IF NOT EXISTS pending_items ON items (place, id) WHERE pending;
CREATE TABLE IF NOT EXISTS pictures (
    number INTEGER PRIMARY KEY, item INTEGER UNIQUE NOT NULL, file TEXT UNIQUE NOT NULL,
    sha256 TEXT UNIQUE NOT NULL, phash TEXT NOT NULL, width INTEGER NOT NULL,
    height INTEGER NOT NULL, bytes INTEGER NOT NULL, type TEXT NOT NULL, time TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS removed (item INTEGER PRIMARY KEY, sha256 TEXT, phash TEXT);
CREATE TABLE IF NOT EXISTS leftovers (file TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
"""
_LINE = """
SELECT file, url, page, title, author, license, license_url, sha256, phash,
       pictures.width, pictures.height, bytes, type, time, source
FROM pictures JOIN items ON items.id = item
"""
#: What was found on a page and is given now is a start, and read anew, as all that it leads to is.
_GIVEN = """
ON CONFLICT (url) DO UPDATE SET
    kind = excluded.kind, depth = 0, page = NULL, pending = 1, etag = NULL, modified = NULL
WHERE page IS NOT NULL AND COALESCE(outcome, '') NOT IN ('kept', 'removed')
"""


class Ledger:
    """The database of a folder; used by one process and one thread.

    Args:
        folder: Where it lies.

    Raises:
        CollectError: Another run has it open, or it cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._base = _opened(folder / NAME)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise CollectError(
                    f"{folder} is being collected into: wait for that run"
                ) from error
            raise CollectError(f"{folder / NAME} cannot be opened ({error})") from error
        except sqlite3.DatabaseError as error:
            raise CollectError(
                f"{folder / NAME} is damaged ({error}): name another folder, or remove that file "
                "to begin anew"
            ) from error

    def close(self) -> None:
        """Close the database."""
        self._base.close()

    def __enter__(self) -> Ledger:
        self._base.execute("BEGIN")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._base.execute("COMMIT" if kind is None else "ROLLBACK")

    def fact(self, name: str) -> str | None:
        """Return what was noted under a name."""
        row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def note(self, name: str, value: str) -> None:
        """Note something under a name."""
        self._base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def add(self, leads: Iterable[Lead], parent: Item | None = None) -> None:
        """Add leads that are new, in this order; without a parent they are those that were given.

        Pictures and links to them come right after the page they are on, pages after all others:
        so pages are read breadth first, and few addresses wait.
        """
        last = self._base.execute("SELECT COALESCE(MAX(place), 0) FROM items").fetchone()[0]
        names = ", ".join((*Lead._fields, "place"))
        marks = ", ".join("?" * (len(Lead._fields) + 1))
        known = _GIVEN if parent is None else "ON CONFLICT (url) DO NOTHING"
        for lead in leads:
            beside = parent is not None and lead.kind in ("picture", "link")
            last += not beside
            place = parent.place if parent is not None and beside else last
            self._base.execute(
                f"INSERT INTO items ({names}) VALUES ({marks}) {known}", (*lead, place)
            )

    def pending(self, most: int) -> list[Item]:
        """Return those whose turn is next."""
        names = ", ".join(Lead._fields)
        rows = self._base.execute(
            f"SELECT id, place, outcome, etag, modified, {names} FROM items WHERE pending "
            "ORDER BY place, id LIMIT ?",
            (most,),
        )
        return [Item(row[0], row[1], Lead(*row[5:]), *row[2:5]) for row in rows]

    def begin_again(self) -> None:
        """Let everything be asked for once more, in the same order."""
        self._base.execute("UPDATE items SET pending = 1 WHERE outcome IS NOT 'removed'")

    def forget_marks(self) -> None:
        """Let what was not kept be asked for without conditions."""
        self._base.execute(
            "UPDATE items SET etag = NULL, modified = NULL WHERE outcome IS NOT 'kept'"
        )

    def settle(
        self,
        item: Item,
        outcome: str,
        detail: str | None = None,
        marks: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """Write down what became of an item.

        Args:
            item: Which.
            outcome: "kept", "visited" or a reason.
            detail: In one line.
            marks: ETag and Last-Modified, to ask conditionally.
        """
        self._base.execute(
            "UPDATE items SET pending = 0, outcome = ?, detail = ?, etag = ?, modified = ? "
            "WHERE id = ?",
            (outcome, detail, *marks, item.id),
        )

    def settle_unchanged(self, item: Item) -> None:
        """Leave everything as it was in the run before."""
        self._base.execute("UPDATE items SET pending = 0 WHERE id = ?", (item.id,))

    def keep(self, kept: Kept) -> None:
        """Add a picture; that which came from the same address before is a leftover then."""
        self._base.execute(
            "INSERT OR IGNORE INTO leftovers SELECT file FROM pictures "
            "WHERE item = ? AND file != ?",
            (kept.item, kept.file),
        )
        number = self._base.execute(
            "SELECT number FROM pictures WHERE item = ?", (kept.item,)
        ).fetchone()
        marks = ", ".join("?" * (len(kept) + 1))
        row = (number and number[0], *kept)
        self._base.execute(f"INSERT OR REPLACE INTO pictures VALUES ({marks})", row)

    def drop(self, kept: Kept) -> None:
        """Take a picture that somebody removed out of the collection, but know it again."""
        row = (kept.item, kept.sha256, kept.phash)
        self._base.execute("INSERT OR REPLACE INTO removed VALUES (?, ?, ?)", row)
        self._base.execute("DELETE FROM pictures WHERE item = ?", (kept.item,))
        self._base.execute(
            "UPDATE items SET pending = 0, outcome = 'removed', detail = ? WHERE id = ?",
            (f"{kept.file} was removed by hand", kept.item),
        )

    def removed(self) -> Iterator[tuple[int, str]]:
        """Yield items whose pictures were removed by hand, each with its perceptual hash."""
        yield from self._base.execute("SELECT item, phash FROM removed")

    def was_removed(self, sha256: str) -> bool:
        """Tell whether a picture of these very bytes was removed by hand."""
        query = "SELECT 1 FROM removed WHERE sha256 = ?"
        return self._base.execute(query, (sha256,)).fetchone() is not None

    def pictures(self) -> Iterator[Kept]:
        """Yield all pictures, in the order they were kept."""
        names = ", ".join(Kept._fields)
        for row in self._base.execute(f"SELECT {names} FROM pictures ORDER BY number"):
            yield Kept(*row)

    def picture_of(self, item: int) -> Kept | None:
        """Return the picture that came from an item."""
        return self._one("item", item)

    def picture_with(self, sha256: str) -> Kept | None:
        """Return the picture with these very bytes."""
        return self._one("sha256", sha256)

    def has_file(self, name: str) -> bool:
        """Tell whether a picture of the collection has this name, upper and lower case alike."""
        query = "SELECT 1 FROM pictures WHERE file = ? COLLATE NOCASE"
        return self._base.execute(query, (name,)).fetchone() is not None

    def _one(self, column: str, value: object) -> Kept | None:
        names = ", ".join(Kept._fields)
        query = f"SELECT {names} FROM pictures WHERE {column} = ?"
        row = self._base.execute(query, (value,)).fetchone()
        return None if row is None else Kept(*row)

    def visited(self) -> int:
        """Return how many pages this round has read."""
        query = "SELECT COUNT(*) FROM items WHERE outcome = 'visited' AND NOT pending"
        return int(self._base.execute(query).fetchone()[0])

    def starts(self) -> list[str]:
        """Return the addresses that were given, in this run and those before."""
        return [row[0] for row in self._base.execute("SELECT url FROM items WHERE page IS NULL")]

    def lines(self, item: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield what the manifest says of all pictures, or of that of one item."""
        where = "" if item is None else "WHERE item = ? "
        rows = self._base.execute(
            f"{_LINE} {where}ORDER BY number", () if item is None else (item,)
        )
        names = [column[0] for column in rows.description]
        for row in rows:
            yield dict(zip(names, row, strict=True))

    def refusals(self) -> Iterator[dict[str, Any]]:
        """Yield what was not taken, in the order of the pages."""
        rows = self._base.execute(
            "SELECT url, page, outcome AS reason, detail FROM items WHERE NOT pending "
            "AND outcome NOT IN ('kept', 'visited') ORDER BY place, id"
        )
        for row in rows:
            yield dict(zip(("url", "page", "reason", "detail"), row, strict=True))

    def leftovers(self) -> list[str]:
        """Return the names of files that have been replaced."""
        return [row[0] for row in self._base.execute("SELECT file FROM leftovers")]

    def forget_leftovers(self) -> None:
        """Say that those files are gone."""
        self._base.execute("DELETE FROM leftovers")


def _opened(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    try:
        # One process at a time, until it ends, however it ends.
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("BEGIN IMMEDIATE")
        base.execute("COMMIT")
        base.executescript(_SCHEMA)
    except BaseException:
        base.close()
        raise
    return base
