"""Published pickles, read once and kept as safetensors under the names that we use."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import WeightsError
from impasto.files import replacing, sha256_of
from impasto.weights.catalogue import WeightsFile
from impasto.weights.downloading import hash_matches
from impasto.weights.folders import cache_folder
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
        raise WeightsError(
            f"{path} is not the published file: delete it and run the command again"
        ) from error
    with replacing(target) as written:
        written.write_bytes(content)


def _adain_encoder(state: "State") -> "dict[str, Tensor]":
    """Return the layers up to relu4_1; its first one, which turns colors, is folded into the next.

    It takes RGB in [0, 1] and gives BGR in 0 to 255 without their mean; ours takes RGB without
    their mean.
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
