"""Files that appear whole or not at all."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary file beside the target that takes its place when the block ends well.

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
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.open("xb").close()
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
