"""Published pickles, read once and kept as safetensors."""

from pathlib import Path

from impasto.errors import WeightsError
from impasto.files import sha256_of
from impasto.weights.catalogue import WeightsFile
from impasto.weights.downloading import hash_matches
from impasto.weights.folders import cache_folder


def converted(file: WeightsFile, path: Path) -> Path:
    """The safetensors copy of a pickled file, made in the cache the first time.

    Args:
        file: What the file is; without ``kept_as`` there is nothing to do.
        path: The file itself, or its copy.

    Returns:
        The copy, or the path itself for a file that needs none or a cache that cannot be written.

    Raises:
        WeightsError: The file is not the published one, or not readable.
    """
    if file.kept_as is None or path.name == file.kept_as:
        return path
    copy = cache_folder() / file.kept_as
    if not copy.is_file():
        _require_published(file, path)
        try:
            _convert(file, path, copy)
        except OSError:
            return path
    return copy


def _convert(file: WeightsFile, path: Path, copy: Path) -> None:
    notes = {"license": file.license, "converted_from": f"{file.url}, sha256:{sha256_of(path)}"}
    if file.layout == "vgg19":
        from impasto.weights.formats import load_vgg19
        from impasto.weights.writing import save_vgg19

        save_vgg19(load_vgg19(path), copy, notes)
    else:
        from impasto.weights.peers import save_renamed

        save_renamed(path, file.layout, copy, notes)


def _require_published(file: WeightsFile, path: Path) -> None:
    if hash_matches(file, path) is False:
        raise WeightsError(
            f"{path} is not the published file (it should have {file.size_bytes} bytes and "
            f"{file.published_hash}): delete it and run `impasto weights fetch {file.name}`"
        )
