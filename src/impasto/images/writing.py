"""Writing files so that none is ever half written and none is lost."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from impasto.errors import ImageError

_ADVICE = {
    errno.ENOSPC: "free some space on the disk",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def write_atomically(
    path: str | Path, data: bytes | Callable[[Path], object], overwrite: bool = False
) -> Path:
    """Write a file that is there whole or not at all.

    Args:
        path: Where to; an existing file gets a numbered neighbor unless `overwrite`.
        data: What; or what writes it to the path that it is given, and raises OSError or
            ValueError where it cannot.
        overwrite: Whether an existing file is replaced.

    Returns:
        The path that was written.

    Raises:
        ImageError: It cannot be written; nothing has changed then.
    """
    path = Path(path)
    # Through a symbolic link, so that the link stays one, whichever disk it leads to.
    linked = overwrite and os.path.islink(path)  # noqa: PTH114 (pathlib's may raise)
    target = Path(os.path.realpath(path)) if linked else path
    # Not derived from the name, which may already be as long as names can be.
    temporary = target.parent / f".impasto-{secrets.token_hex(8)}.tmp"
    try:
        _check_target(target, overwrite)
        if callable(data):
            data(temporary)
        else:
            with temporary.open("xb") as file:
                file.write(data)
        if not overwrite:
            return _publish_new(temporary, target)
        temporary.replace(target)
        return path
    except (OSError, ValueError) as error:
        raise _write_error(target, error) from error
    finally:
        _discard(temporary)


def check_writable(path: str | Path) -> None:
    """Raise at once what writing there later would raise, so that no work is lost.

    Args:
        path: The file to be written.

    Raises:
        ImageError: It is a folder, or its folder does not exist or may not be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise ImageError(f"{path} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise _write_error(path, FileNotFoundError(errno.ENOENT, "no such folder"))
    if not os.access(path.parent, os.W_OK):
        raise _write_error(path, PermissionError(errno.EACCES, "permission denied"))


def refuse_inputs(path: str | Path, protect: Sequence[str | Path]) -> None:
    """Refuse to write onto an input, under whatever name it goes.

    Args:
        path: Where something is about to be written.
        protect: Paths of inputs; those that are no files are skipped.

    Raises:
        ImageError: `path` is the same file as one of them.
    """
    path = Path(path)
    for item in map(Path, protect):
        if _same_file(path, item):
            raise ImageError(f"{path} is the input {item} itself: choose another name")


def _check_target(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise ImageError(f"{path} is a folder: name a file in it")
    if overwrite and path.exists() and not path.is_file():
        # Renaming over /dev/null or a pipe would destroy it.
        raise ImageError(f"{path} is not a regular file: name a picture to write")


def _publish_new(temporary: Path, path: Path) -> Path:
    candidate = path
    for number in itertools.count(2):
        try:
            _name(temporary, candidate)
            break
        except FileExistsError:
            candidate = path.with_stem(f"{path.stem}-{number}")
    return candidate


def _name(temporary: Path, target: Path) -> None:
    """Give a finished file its name, unless that is taken."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links: an empty file claims the name
        target.open("xb").close()
        try:
            temporary.replace(target)
        except BaseException:
            _discard(target)
            raise


def _discard(path: Path) -> None:
    # What went wrong before is the error to report.
    with contextlib.suppress(OSError, ValueError):
        path.unlink()


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # one of them is no file, or none yet
        return False


def _write_error(path: Path, error: OSError | ValueError) -> ImageError:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENOTDIR):
        return ImageError(f"cannot write {path}: create the folder {path.parent} first")
    advice = _ADVICE.get(number or 0, "choose another place")
    reason = error.strerror if isinstance(error, OSError) else error
    return ImageError(f"cannot write {path} ({reason}): {advice}")
