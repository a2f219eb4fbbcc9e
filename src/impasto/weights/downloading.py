"""One file from the network: whole and verified, or a clear error and nothing left behind."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from impasto.errors import WeightsError
from impasto.files import digest_of, replacing, sha256_of
from impasto.weights.catalogue import WeightsFile

#: What is told of a download before its first byte: the file, and where it will lie.
OnDownload = Callable[[WeightsFile, Path], None]
ATTEMPTS, PAUSE_SECONDS, TIMEOUT_SECONDS = 3, 1.0, 30.0
_CHUNK_BYTES = 1 << 20


def download(file: WeightsFile, target: Path, on_download: OnDownload | None = None) -> None:
    """Download a file to a temporary one beside the target, verify it, and rename it.

    A cut connection is tried again from the start, three times in all, with a pause of one second
    and then two; so is a server that says it is busy.
    `on_download` is called once, before the first byte, when the folder is known to be writable.
    """
    try:
        with replacing(target) as part:
            if on_download:
                on_download(file, target)
            _download_patiently(file, part)
            if hash_matches(file, part) is False:
                found = f"{part.stat().st_size} bytes, sha256:{sha256_of(part)}"
                raise _failed(file, f"what arrived is another file ({found})")
    except OSError as error:
        raise WeightsError(
            f"{target} cannot be written ({error.strerror or error}; the file needs {file.size}): "
            f"make room or set IMPASTO_HOME to another folder, then run "
            f"`impasto weights fetch {file.name}`"
        ) from error


def _download_patiently(file: WeightsFile, part: Path) -> None:
    from requests.exceptions import HTTPError, RequestException

    reason = ""
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE_SECONDS * attempt)
        try:
            get_file(str(file.url), part)
        except RequestException as error:
            reason = reason_of(error)
            status = error.response.status_code if error.response is not None else 500
            if isinstance(error, HTTPError) and status != 429 and status < 500:
                raise _failed(file, reason) from error  # only a busy server may answer otherwise
        else:
            if part.stat().st_size >= (file.size_bytes or 0):
                return
            reason = "the connection was cut"
    raise _failed(file, f"{reason}, {ATTEMPTS} times")


def get_file(url: str, part: Path, headers: Mapping[str, str] | None = None) -> None:
    """Download a file to `part`, once; an error of `requests` says that it does not come."""
    import requests

    with requests.get(url, headers=headers, timeout=TIMEOUT_SECONDS, stream=True) as response:
        response.raise_for_status()
        with part.open("wb") as file:
            for block in response.iter_content(_CHUNK_BYTES):
                file.write(block)


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
    """Whether a file has the size and the hash that its publisher states; None: none is stated.

    The converted copy of a pickled file has no published hash.
    """
    if path.name == file.kept_as:
        return None
    if not size_matches(file, path):
        return False
    if file.published_hash is None:
        return None
    algorithm, digits = file.published_hash.split(":")
    return digest_of(path, algorithm).startswith(digits.rstrip("."))


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
