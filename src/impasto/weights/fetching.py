"""From a name to a file on this machine, by the network only if nothing else has it."""

import os
from collections.abc import Iterator
from pathlib import Path

from impasto.errors import WeightsError
from impasto.weights.catalogue import CATALOGUE, WeightsFile, files_named
from impasto.weights.conversion import converted
from impasto.weights.downloading import OnDownload, download, size_matches
from impasto.weights.folders import Folder, cache_folder, expanded, is_offline, search_folders


def find(name: str | os.PathLike[str]) -> Path | None:
    """The file that a name stands for, if it is on this machine; touches no network.

    Args:
        name: A short name or a group of the catalogue, the path of an existing file (returned as
            it is), or a catalogued file name; of a group, the preferred file of the first folder
            that has any.

    Raises:
        WeightsError: The name is neither a file nor in the catalogue.
    """
    if path := given_file(name):
        return path
    found = _first_found(*files_named(str(name)))
    return found[1] if found else None


_told: OnDownload | None = None


def show_downloads(tell: OnDownload | None = None) -> None:
    """Have all downloads from now on announced, before the first byte; None: none are.

    It is told the file and its future path; what it raises ends the download.
    """
    global _told
    _told = tell


def fetch(name: str | os.PathLike[str]) -> Path:
    """The file that a name stands for, downloaded into the cache if it is nowhere on this machine.

    Looks at an explicit path, the bundled files, each folder of ``IMPASTO_WEIGHTS``, the cache
    (``IMPASTO_HOME``), and what Keras and torch.hub have downloaded; then on the network, unless
    ``IMPASTO_OFFLINE`` is 1.
    A pickled file is kept as a safetensors copy in the cache, and that copy is what is returned.
    Names are as for `find`.

    Raises:
        WeightsError: The name is unknown, or the file is nowhere and cannot be downloaded; the
            message says where it was looked for and what to do.
    """
    if path := given_file(name):
        return path
    files = files_named(str(name))
    if found := _first_found(*files):
        return converted(*found)
    file = next((file for file in files if file.url), None)
    if file is None or is_offline():
        raise missing(str(name))
    target = cache_folder() / file.filename
    download(file, target, _told)
    path = converted(file, target)
    if path != target:
        target.unlink(missing_ok=True)
    return path


def given_file(name: str | os.PathLike[str]) -> Path | None:
    """The existing file that a name is the path of; a name of the catalogue is no path."""
    known = any(str(name) in (file.name, file.group) for file in CATALOGUE.values())
    return expanded(name) if not known and _is_file(expanded(name)) else None


def copies(*files: WeightsFile) -> Iterator[tuple[Folder, WeightsFile, Path]]:
    """All copies of files on this machine, sound or not, in the order of the search."""
    for folder in search_folders():
        for file in files:
            for name in (file.kept_as, file.filename):
                if name and _is_file(folder.path / name):
                    yield folder, file, folder.path / name


def missing(name: str) -> WeightsError:
    """The error for weights of the catalogue that are nowhere: where we looked, and what to do."""
    files = files_named(name)
    file = next((file for file in files if file.url), files[0])
    looked = ", ".join(str(folder.path) for folder in search_folders())
    download_it = "unset IMPASTO_OFFLINE and " if is_offline() else ""
    remedy = "it is not on the network, so set"
    if file.url:
        remedy = (
            f"{download_it}run `impasto weights fetch {file.name}` ({file.size} from {file.url}, "
            f"{file.published_hash or 'no published hash'}), or set"
        )
    names = " or ".join(file.filename for file in files)
    return WeightsError(
        f"the weights {name!r} ({names}) are not on this machine; looked in {looked}. To fix it, "
        f"{remedy} IMPASTO_WEIGHTS to a folder that has the file"
    )


def _is_file(path: Path) -> bool:
    # Path.is_file() raises in a folder that one may not enter, and for names that are too long.
    return os.path.isfile(path)  # noqa: PTH113


def _first_found(*files: WeightsFile) -> tuple[WeightsFile, Path] | None:
    # A download that another program left unfinished is no file of ours to complain about.
    sound = (c[1:] for c in copies(*files) if not c[0].foreign or size_matches(*c[1:]))
    return next(sound, None)
