"""Journals: what a run that resumes has done already."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """A file, which need not exist yet, that grows by one line per entry, also from threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def entries(self, *keys: str) -> Iterator[dict[str, Any]]:
        """Yield the entries of earlier runs that have all of these keys, the oldest first."""
        text = self._path.read_text("utf-8", "replace") if self._path.is_file() else ""
        return (entry for entry in parse_lines(text) if entry.keys() >= set(keys))

    def add(self, **entry: object) -> None:
        """Append an entry, or raise OSError."""
        line = json.dumps(entry)
        # The line break comes first: a sudden end may have cut off the line before.
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}")


def parse_lines(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects among the lines of a text; a sudden end may have cut off others."""
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
