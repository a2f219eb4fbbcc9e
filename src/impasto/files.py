"""Files, whatever is in them: hashed once, written whole, and journals for runs that resume."""

import errno
import hashlib
import itertools
import json
import os
import re
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from glob import escape
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, ImpastoError

_ADVICE = {
    errno.ENOSPC: "free some space on the disk",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.ENAMETOOLONG: "choose a shorter name",
}
_STALE_SECONDS = 24 * 60 * 60
#: Characters of a name that its temporary file shares: names may be as long as disks allow.
_LONGEST = 50


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits; see `digest_of`."""
    return digest_of(path, "sha256")


def digest_of(path: Path, algorithm: str) -> str:
    """Return a hash of a file's content, by an algorithm of `hashlib`, as hexadecimal digits.

    It is remembered within the process for as long as the file keeps its size and time.

    ImpastoError: The file cannot be read.
    """
    check_file(path)
    try:
        now = path.stat()
        return _digest(path.resolve(), now.st_ino, now.st_size, now.st_mtime_ns, algorithm)
    except (OSError, ValueError) as error:
        raise ImpastoError(reading_advice(path, error)) from error


def address_advice(path: str | Path) -> str:
    """Say what to do about a path that is an address; "": it is none, or there is such a file."""
    # Path makes one slash of two; a letter alone is a disk of Windows.
    found = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]+:)/+(.*)", str(path))
    if found is None or os.path.lexists(path):
        return ""
    if found[1].lower() == "file:":
        return f"{path} is an address: give the path, /{found[2]}"
    return (
        f"{found[1]}//{found[2]} is an address, and addresses are not opened: download the file "
        "first, or use `impasto collect` for pictures"
    )


def check_file(path: Path, kind: type[ImpastoError] = ImpastoError) -> None:
    """Refuse what is not a regular file that can be read, by an error of this kind.

    Opening a pipe that nobody writes to would wait for ever.
    """
    try:
        if stat.S_ISREG(path.stat().st_mode) or path.is_dir():
            path.open("rb").close()
            return
    except (OSError, ValueError) as error:
        raise kind(reading_advice(path, error)) from error
    raise kind(f"{path} is a pipe or a device: name a regular file")


def reading_advice(path: Path, error: OSError | ValueError) -> str:
    """Say in one line why a file cannot be read and what to do about it."""
    if address := address_advice(path):
        return address
    if isinstance(error, FileNotFoundError):
        return f"{path} does not exist: check the spelling and the folder"
    # Windows calls a folder a file that may not be read.
    if isinstance(error, IsADirectoryError | PermissionError) and path.is_dir():
        return f"{path} is a folder: name one file in it"
    if isinstance(error, PermissionError):
        return f"{path} may not be read: ask for permission to it (chmod u+r)"
    reason = error.strerror if isinstance(error, OSError) else error
    return f"{path} cannot be read ({reason}): check the disk or copy the file elsewhere"


@lru_cache(maxsize=4096)
def _digest(path: Path, inode: int, size: int, modified: int, algorithm: str) -> str:
    # Size and time are part of the key only: a file that changes gets a new entry.
    del inode, size, modified
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fingerprint(value: object) -> str:
    """Return the SHA-256 of a value as JSON, with sorted keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Fill a temporary file beside the target that takes its place when the block ends well.

    However the block ends otherwise (an error, Ctrl-C), the temporary file is removed and whatever
    was at the target stays. What a killed process left of the same file is removed after a day.

    Yields an empty file in the target's folder, which is made as well; raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for part in target.parent.glob(f".{escape(target.name[:_LONGEST])}.*.part"):
        with suppress(OSError):  # another process may have been faster
            if time.time() - part.stat().st_mtime > _STALE_SECONDS:
                part.unlink()
    with _temporary(target) as part:
        part.open("xb").close()
        yield part
        part.replace(target)


def write_atomically(
    path: str | Path, data: bytes | str | Callable[[Path], object], overwrite: bool = False
) -> Path:
    """Write a file that is there whole or not at all, and its folder; return its path.

    Args:
        path: Where to; an existing file gets a numbered neighbor unless `overwrite`.
        data: What, text as UTF-8; or what writes it to the path that it is given, and raises
            OSError or ValueError where it cannot.
        overwrite: Whether an existing file is replaced.

    Raises:
        ImageError: It cannot be written; nothing has changed then.
    """
    path = Path(path)
    if isinstance(data, str):
        data = data.encode("utf-8", "backslashreplace")  # names of files may be no text
    # Through a symbolic link, so that the link stays one, whichever disk it leads to.
    linked = overwrite and os.path.islink(path)  # noqa: PTH114 (pathlib's may raise)
    target = Path(os.path.realpath(path)) if linked else path
    try:
        _check_target(target, overwrite)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(target) as part:
            write = data if callable(data) else partial(Path.write_bytes, data=data)
            write(part)
            if not overwrite:
                return _publish_new(part, target)
            part.replace(target)
            return path
    except (OSError, ValueError) as error:
        raise _write_error(target, error) from error


def check_writable(path: str | Path) -> None:
    """Raise at once the ImageError of writing there later, so that no work is lost."""
    path = Path(path)
    try:
        _check_target(path, overwrite=True)
        folder = next(each for each in path.absolute().parents if each.exists())
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "permission denied")
    except (OSError, ValueError) as error:
        raise _write_error(path, error) from error


def output_path(output: str | Path, name: str) -> Path:
    """Return the file that an output means: itself, or `name` in it where it is a folder.

    A folder is what is one, what ends in a separator, and what has no suffix.
    """
    path = Path(output)
    is_folder = path.is_dir() or str(output).endswith(("/", os.sep)) or not path.suffix
    return path / name if is_folder else path


def refuse_inputs(path: str | Path, protect: Sequence[str | Path]) -> None:
    """Refuse to write onto an input, under whatever name it goes, with an ImageError."""
    path = Path(path)
    for item in map(Path, protect):
        with suppress(OSError, ValueError):  # one of them is not a file, or not yet
            if path.samefile(item):
                raise ImageError(f"{path} is the input {item} itself: choose another name")


def disk_is_full(error: BaseException | None) -> bool:
    """Tell whether an error, or what it was raised from, says that a disk or a quota is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__
    return False


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


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """Name a file beside the target; if it still exists when the block ends, it is removed."""
    part = target.parent / f".{target.name[:_LONGEST]}.{secrets.token_hex(4)}.part"
    try:
        yield part
    finally:
        _discard(part)


def _check_target(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise ImageError(f"{path} is a folder: name a file in it")
    if overwrite and path.exists() and not path.is_file():
        # Renaming over /dev/null or a pipe would destroy it.
        raise ImageError(f"{path} is not a regular file: name a picture to write")


def _publish_new(part: Path, path: Path) -> Path:
    """Give a finished file the first free name, numbered from 2 on."""
    candidate = path
    for number in itertools.count(2):
        with suppress(FileExistsError):
            _publish(part, candidate)
            break
        candidate = path.with_stem(f"{path.stem}-{number}")
    return candidate


def _publish(part: Path, target: Path) -> None:
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links: an empty file claims the name
        target.open("xb").close()
        try:
            part.replace(target)
        except BaseException:
            _discard(target)
            raise


def _discard(path: Path) -> None:
    # What went wrong before is the error to report.
    with suppress(OSError, ValueError):
        path.unlink()


def _write_error(path: Path, error: OSError | ValueError) -> ImageError:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOTDIR, errno.EEXIST):
        return ImageError(f"cannot write {path}: {path.parent} is not a folder, choose another")
    if number == errno.ENOENT:
        return ImageError(f"cannot write {path}: create the folder {path.parent} first")
    advice = _ADVICE.get(number or 0, "choose another place")
    reason = error.strerror if isinstance(error, OSError) else error
    return ImageError(f"cannot write {path} ({reason}): {advice}")
