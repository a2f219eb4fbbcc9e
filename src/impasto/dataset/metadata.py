"""Lists of pictures' names, as ImageFolder has them: every copy gets a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

_NAME = "file_name"
#: A picture's name -> the names of its results.
Names = Callable[[str], list[str]]


def is_metadata(path: str) -> bool:
    """Tell whether a file is such a list, in the folder of the pictures or above it."""
    return path.rpartition("/")[2] in ("metadata.csv", "metadata.jsonl")


def with_copies(content: bytes, path: str, copies: Mapping[str, Sequence[str]]) -> bytes:
    """Return a list of pictures, read from a path, with a line for each result of each picture.

    Copies are the paths of the results by that of the picture.
    """
    folder = PurePosixPath(path).parent

    def names(name: str) -> list[str]:
        found = copies.get(str(folder / name), [])
        return [str(PurePosixPath(each).relative_to(folder)) for each in found] or [name]

    return _csv(content, names) if path.endswith(".csv") else _jsonl(content, names)


def _csv(content: bytes, names: Names) -> bytes:
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    if not reader.fieldnames or _NAME not in reader.fieldnames:
        return content
    text = io.StringIO()
    writer = csv.DictWriter(text, reader.fieldnames, lineterminator="\n")
    writer.writeheader()
    for row in reader:
        writer.writerows({**row, _NAME: name} for name in names(row[_NAME]))
    return text.getvalue().encode()


def _jsonl(content: bytes, names: Names) -> bytes:
    lines = []
    # Not by splitlines(), which also splits within texts.
    for line in content.decode("utf-8-sig").split("\n"):
        row = json.loads(line) if line.strip() else {}
        if _NAME in row:
            lines += [json.dumps({**row, _NAME: name}) for name in names(row[_NAME])]
        elif line.strip():
            lines.append(line.rstrip("\r"))
    return "".join(f"{line}\n" for line in lines).encode()
