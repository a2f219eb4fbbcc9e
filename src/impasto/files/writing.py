"""Files that are written: whole or not at all, and never onto an input."""

import errno
import itertools
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from glob import escape
from pathlib import Path

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

    An existing file gets a numbered neighbor unless `overwrite`. The data are bytes, text (as
    UTF-8), or what writes them to the path that it is given, and raises OSError or ValueError where
    it cannot. What cannot be written is an `ImageError`; nothing has changed then.
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


@contextmanager
def working_alone(folder: Path) -> Iterator[None]:
    """Keep a folder, which is there, to the block: one that another works in is an `ImpastoError`.

    The system's lock goes with this process, however it ends, and needs no file. Windows and some
    disks of a network have none.
    """
    with ExitStack() as stack:
        with suppress(ImportError, OSError):
            import fcntl

            number = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, number)
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ImpastoError(
                    f"another run is working in {folder}: wait for it, or name another output"
                ) from error
        yield


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
