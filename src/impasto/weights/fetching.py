"""From a name to a file on this machine, by the network only if nothing else has it.

Published pickles are read once, and kept as safetensors under the names that we use.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import WeightsError
from impasto.files import replacing, sha256_of
from impasto.weights.catalogue import CATALOGUE, WeightsFile, files_named
from impasto.weights.downloading import OnDownload, download, hash_matches, size_matches
from impasto.weights.folders import Folder, cache_folder, expanded, is_offline, search_folders
from impasto.weights.formats import load_vgg19
from impasto.weights.vgg import CAFFE_UNIT, VGG19_LAYERS, write_vgg19

if TYPE_CHECKING:
    from torch import Tensor

    State = Mapping[str, Tensor]

#: Places in pytorch-AdaIN's sequences of layers, and what is there.
_ENCODER = dict(zip((2, 5, 9, 12, 16, 19, 22, 25, 29), VGG19_LAYERS, strict=False))
_DECODER = {
    1: "block4_conv1",
    **{5 + 3 * index: f"block3_conv{index + 1}" for index in range(4)},
    **{18 + 3 * index: f"block2_conv{index + 1}" for index in range(2)},
    **{25 + 3 * index: f"block1_conv{index + 1}" for index in range(2)},
}


def find(name: str | os.PathLike[str]) -> Path | None:
    """The file that a name stands for, if it is on this machine; touches no network.

    It is a short name or a group of the catalogue, the path of an existing file (returned as it
    is), or a catalogued file name, else a `WeightsError`. Of a group it is the preferred file of
    the first folder that has any.
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
    Names are as for `find`. A file that is nowhere and cannot be downloaded is a `WeightsError`,
    which says where it was looked for and what to do.
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
    return next((c[1:] for c in copies(*files) if not c[0].foreign or size_matches(*c[1:])), None)


def converted(file: WeightsFile, path: Path) -> Path:
    """The safetensors copy of a pickled file, made in the cache the first time.

    A file without ``kept_as`` needs no copy, and a VGG-19 can do without one where the cache cannot
    be written: then the path itself is returned, as for a path that is the copy already.
    """
    if file.kept_as is None or path.name == file.kept_as:
        return path
    copy = cache_folder() / file.kept_as
    if not copy.is_file():
        if hash_matches(file, path) is False:
            raise WeightsError(
                f"{path} is not the published file (it should have {file.size_bytes} bytes and "
                f"{file.published_hash}): delete it and run `impasto weights fetch {file.name}`"
            )
        notes = {"license": file.license, "converted_from": f"{file.url}, sha256:{sha256_of(path)}"}
        try:
            if file.layout == "vgg19":
                write_vgg19(load_vgg19(path), copy, notes)
            else:
                save_renamed(path, file.layout, copy, notes)
        except OSError as error:
            if file.layout == "vgg19":
                return path
            raise WeightsError(
                f"{copy} cannot be written ({error.strerror or error}), and {path} cannot be used "
                "without that copy: set IMPASTO_HOME to a folder that you may write to"
            ) from error
    return copy


def save_renamed(path: Path, layout: str, target: Path, notes: Mapping[str, str]) -> None:
    """Read a pickle of parameters and write them as safetensors under our names, with notes.

    Code in the pickle is not run. The layout is one of `LAYOUTS`, or `microast-PART`.
    """
    import torch
    from safetensors.torch import save

    part = layout.partition("-")[2]
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if layout in LAYOUTS:
            named = LAYOUTS[layout](state)
        else:
            named = {f"{part}.{name}": tensor for name, tensor in state.items()}
        content = save({k: v.float().contiguous() for k, v in named.items()}, dict(notes))
    except MemoryError:
        raise
    # What a damaged pickle raises is anything from KeyError to RuntimeError.
    except Exception as error:
        raise WeightsError(f"{path} is not the published file: delete it and try again") from error
    with replacing(target) as written:
        written.write_bytes(content)


def _adain_encoder(state: "State") -> "dict[str, Tensor]":
    """Return the layers up to relu4_1; its first one, which turns colors, is folded into the next.

    It takes RGB in [0, 1] and gives BGR in 0 to 255 without the mean; ours takes RGB without it.
    """
    import torch

    named = _renamed(state, _ENCODER)
    turn, offset = state["0.weight"].double()[:, :, 0, 0], state["0.bias"].double()
    left = offset + turn @ torch.tensor(CAFFE_UNIT.mean, dtype=torch.float64)
    kernel = named["conv1_1.weight"].double()
    named["conv1_1.weight"] = torch.einsum("ochw,ci->oihw", kernel, turn)
    named["conv1_1.bias"] = named["conv1_1.bias"].double() + kernel.sum((2, 3)) @ left
    return named


def _renamed(state: "State", places: Mapping[int, str]) -> "dict[str, Tensor]":
    return {
        f"{name}.{part}": state[f"{place}.{part}"]
        for place, name in places.items()
        for part in ("weight", "bias")
    }


#: What becomes of the parameters of a pickle.
LAYOUTS: "Mapping[str, Callable[[State], dict[str, Tensor]]]" = {
    "adain-encoder": _adain_encoder,
    "adain-decoder": lambda state: _renamed(state, _DECODER),
    "wct": dict,
}
