"""What is done, as it is done; and the manifest that is made of it."""

import csv
import io
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from impasto.dataset.painting import Row
from impasto.dataset.stores import Store
from impasto.errors import ImageError, SettingsError
from impasto.files import parse_lines

_PLAN, _PARTS = ".impasto/plan.json", ".impasto/rows"
#: The two forms of the manifest.
MANIFEST, TABLE = "manifest.csv", "manifest.parquet"
#: Rows that are written at once.
_GROUP = 64
#: Status of a row that takes an earlier one back; none of the manifest has it.
_GONE = "gone"


class Journal:
    """The rows of what is done, in small files that are never written twice.

    A store with results of another plan, or other files, is a `SettingsError`.
    """

    def __init__(self, store: Store, plan: dict[str, Any]) -> None:
        self.store = store
        text = json.dumps(plan, sort_keys=True, indent=1)
        if store.size(_PLAN) is None:
            _check_empty(store)
            store.write(_PLAN, text.encode())
        elif store.read(_PLAN).decode() != text:
            raise SettingsError(
                f"{store.name} holds results of other options, styles or pictures: name another "
                "folder, or give the same"
            )
        self.rows: dict[str, Row] = {}
        self._count, self._left = 0, list[Row]()
        # The rows of earlier runs; a torn line counts as not done.
        while self.store.size(path := f"{_PARTS}/{self._count:08}.jsonl") is not None:
            for entry in parse_lines(self.store.read(path).decode("utf-8", "replace")):
                with suppress(TypeError):  # a row of another version
                    self._take(Row(**entry))
            self._count += 1

    def _take(self, row: Row) -> None:
        if row.status == _GONE:
            self.rows.pop(row.path, None)
        else:
            self.rows[row.path] = row

    def add(self, row: Row) -> None:
        """Note a row."""
        self._take(row)
        self._left.append(row)
        if len(self._left) >= _GROUP:
            self.flush()

    def forget(self, paths: Iterable[str]) -> None:
        """Note that files are not in the data set any more."""
        for path in paths:
            self.add(self.rows[path]._replace(status=_GONE))

    def flush(self) -> None:
        """Write what has not been written."""
        if self._left:
            lines = "".join(json.dumps(row._asdict()) + "\n" for row in self._left)
            self.store.write(f"{_PARTS}/{self._count:08}.jsonl", lines.encode())
            self._count += 1
            self._left = []

    def save(self) -> list[str]:
        """Write the manifest, sorted by path: CSV and, with pyarrow, Parquet; return the names."""
        self.flush()
        rows = sorted(self.rows.values())
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([Row._fields, *rows])
        self.store.write(MANIFEST, text.getvalue().encode())
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            return [MANIFEST]
        table = pa.table({name: [getattr(row, name) for row in rows] for name in Row._fields})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        self.store.write(TABLE, sink.getvalue().to_pybytes())
        return [MANIFEST, TABLE]


def _check_empty(store: Store) -> None:
    """Raise where files of somebody else's might be replaced."""
    try:
        others = store.files()
    except (ImageError, FileNotFoundError):  # there is no such folder yet
        return
    if others:
        raise SettingsError(f"{store.name} holds other files, as {others[0]}: name a new folder")
