"""One file from the network: whole and verified, or a clear error and nothing left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import WeightsError
from impasto.files import digest_of, replacing, sha256_of
from impasto.weights.catalogue import WeightsFile

if TYPE_CHECKING:
    from requests import Response

OnDownload = Callable[[WeightsFile, Path], None]
"""What is told of a download before its first byte: the file, and where it will lie."""

ATTEMPTS = 3
PAUSE_SECONDS = 1.0
TIMEOUT_SECONDS = 30.0
_CHUNK_BYTES = 1 << 20


def download(file: WeightsFile, target: Path, on_download: OnDownload | None = None) -> None:
    """Download a file to a temporary one beside the target, verify it, and rename it.

    A cut connection is tried again from the start, three times in all, with a pause of one second
    and then two; so is a server that says it is busy.

    Args:
        file: What to download; it has a url.
        target: The path of the finished file.
        on_download: Called once, before the first byte, when the folder is known to be writable.

    Raises:
        WeightsError: No network, no such file, a connection that is cut again and again, a wrong
            hash, no space on the disk, or a folder that cannot be written to.
    """
    try:
        with replacing(target) as part:
            if on_download:
                on_download(file, target)
            _download_patiently(file, part)
            if hash_matches(file, part) is False:
                size = part.stat().st_size
                found = f"{size} bytes, sha256:{sha256_of(part)}"
                raise _failed(file, f"what arrived is another file ({found})")
    except OSError as error:
        raise WeightsError(
            f"{target} cannot be written ({error.strerror or error}; the file needs {file.size}): "
            f"make room or set IMPASTO_HOME to another folder, then run "
            f"`impasto weights fetch {file.name}`"
        ) from error


def _download_patiently(file: WeightsFile, part: Path) -> None:
    interruption = ""
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE_SECONDS * attempt)
        interruption = _download_once(file, part)
        if not interruption:
            return
    raise _failed(file, f"{interruption}, {ATTEMPTS} times")


def _download_once(file: WeightsFile, part: Path) -> str:
    """Return "", or what went wrong and may go better the next time."""
    from requests.exceptions import HTTPError, RequestException

    try:
        get_file(str(file.url), part)
    except RequestException as error:
        response = error.response
        if isinstance(error, HTTPError) and response is not None and _is_final(response):
            raise _failed(file, reason_of(error)) from error
        return reason_of(error)
    return "the connection was cut" if part.stat().st_size < (file.size_bytes or 0) else ""


def _is_final(response: Response) -> bool:
    """Tell an answer that will be the same the next time from that of a busy server."""
    return response.status_code != 429 and response.status_code < 500


def get_file(url: str, part: Path, headers: Mapping[str, str] | None = None) -> None:
    """Download a file to `part`, once, and leave no connection open.

    Raises:
        OSError: It cannot be written; of `requests`: it does not come.
    """
    from pooch import HTTPDownloader

    with ExitStack() as connections:

        def close_at_the_end(response: Response, **_: object) -> None:
            connections.callback(response.close)

        # pooch leaves the connection of a download that fails open; the hook gets hold of it.
        hooks = {"response": close_at_the_end}
        download = HTTPDownloader(
            chunk_size=_CHUNK_BYTES, timeout=TIMEOUT_SECONDS, hooks=hooks, headers=headers
        )
        download(url, str(part), None)


def reason_of(error: OSError) -> str:
    """Return in a few words why a file did not come, or could not be written."""
    from requests.exceptions import ChunkedEncodingError, HTTPError, RequestException, Timeout

    if isinstance(error, HTTPError):
        response = error.response
        said = "0" if response is None else f"{response.status_code} {response.reason}"
        return f"the server answered {said}"
    if not isinstance(error, RequestException):
        return error.strerror or str(error) or type(error).__name__
    if isinstance(error, ChunkedEncodingError):
        return "the connection was cut"
    if isinstance(error, Timeout):
        return f"the server was silent for {TIMEOUT_SECONDS:.0f} seconds"
    return f"no connection to the server ({type(error).__name__})"


def hash_matches(file: WeightsFile, path: Path) -> bool | None:
    """Whether a file has the size and the hash that its publisher states.

    Args:
        file: What it should be.
        path: Where it is. The converted copy of a pickled file has no published hash.

    Returns:
        True or False, or None where no hash is published.

    Raises:
        ImpastoError: The file cannot be read.
    """
    if path.name == file.kept_as:
        return None
    if not size_matches(file, path):
        return False
    if expected := file.sha256 or file.sha256_prefix:
        return sha256_of(path).startswith(expected)
    return digest_of(path, "md5") == file.md5 if file.md5 else None


def size_matches(file: WeightsFile, path: Path) -> bool:
    """Whether a file is as long as its publisher's, as far as that is known."""
    return file.size_bytes in (None, path.stat().st_size)


def _failed(file: WeightsFile, reason: str) -> WeightsError:
    return WeightsError(
        f"{file.filename} could not be downloaded from {file.url} "
        f"({file.published_hash or 'no published hash'}): {reason}. "
        f"Try again with `impasto weights fetch {file.name}`, or get the file some other way and "
        "set IMPASTO_WEIGHTS to its folder"
    )
