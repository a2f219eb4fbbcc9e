"""Files that appear whole or not at all."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

_STALE_SECONDS = 24 * 60 * 60


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary file beside the target that takes its place when the block ends well.

    What a killed process left of the same file is removed after a day.

    However the block ends otherwise (an error, Ctrl-C), the temporary file is removed and whatever
    was at the target stays.

    Args:
        target: The file to make; its folder is made as well.

    Yields:
        The path of an empty file in the same folder, to be filled.

    Raises:
        OSError: The folder cannot be made or written to.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(target)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.open("xb").close()
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _remove_stale(target: Path) -> None:
    for part in target.parent.glob(f".{escape(target.name)}.*.part"):
        with suppress(OSError):  # perhaps another process was faster
            if time.time() - part.stat().st_mtime > _STALE_SECONDS:
                part.unlink()
