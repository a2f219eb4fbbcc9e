"""The folder of a collection: its two lists, and order after a kill and after every run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from impasto.collect.entries import Kept
from impasto.collect.ledger import Ledger
from impasto.errors import CollectError
from impasto.files import replacing, sha256_of

MANIFEST = "manifest.jsonl"
"""What was kept, for people and programs."""
LOG = "log.jsonl"
"""What was not, and why."""
_PART = ".collect-{}.part"
#: What a kill may leave: answers, and lists that were being written.
_UNFINISHED = (_PART.format("*"), f".{MANIFEST}.*.part", f".{LOG}.*.part")


def part_of(folder: Path, item: int) -> Path:
    """Return where an item's file is until it is kept."""
    return folder / _PART.format(item)


def open_ledger(folder: Path) -> Ledger:
    """Open the database of a folder, which is made if it is not there.

    Raises:
        CollectError: The folder cannot be made, or the database not be opened.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CollectError(
            f"{folder} cannot be made ({error.strerror}): name another folder"
        ) from error
    return Ledger(folder)


def tidy(folder: Path, ledger: Ledger) -> None:
    """Bring folder and database together: every line has its file, no unfinished file is left.

    A picture whose file was removed by hand is taken out, and not collected again, nor its like.
    """
    remove_leftovers(folder, ledger)
    for kept in list(ledger.pictures()):
        if not (folder / kept.file).is_file() and not _finished(folder, kept):
            with ledger:
                ledger.drop(kept)
    for pattern in _UNFINISHED:
        for part in folder.glob(pattern):
            part.unlink(missing_ok=True)


def _finished(folder: Path, kept: Kept) -> bool:
    """Give a file its name, if a kill came between its line and that."""
    part = part_of(folder, kept.item)
    if not part.is_file() or sha256_of(part) != kept.sha256:
        return False
    part.replace(folder / kept.file)
    return True


def remove_leftovers(folder: Path, ledger: Ledger) -> None:
    """Remove the files that newer ones from the same address have replaced."""
    names = ledger.leftovers()
    for name in names:
        (folder / name).unlink(missing_ok=True)
    if names:
        with ledger:
            ledger.forget_leftovers()


def append(path: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Add lines to a list while a run goes on."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(map(_json_line, entries))


def write_records(folder: Path, ledger: Ledger) -> None:
    """Write both lists as the database has them, each whole or not at all."""
    for name, entries in ((MANIFEST, ledger.lines()), (LOG, ledger.refusals())):
        with replacing(folder / name) as part, part.open("w", encoding="utf-8") as file:
            file.writelines(map(_json_line, entries))


def _json_line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"
