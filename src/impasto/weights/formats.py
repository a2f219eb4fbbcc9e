"""Parameters of a VGG-19, out of the three kinds of file they are published in, and of pocket.

The kind is told by what the file holds, not by its name. Nothing is unpickled but tensors.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from impasto.errors import SettingsError, WeightsError
from impasto.files import check_file
from impasto.weights import vgg
from impasto.weights.folders import expanded
from impasto.weights.vgg import VGG19_LAYERS, InputConvention, VggParameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arrays: TypeAlias = dict[str, NDArray[np.float32]]

# What files say of their input that were converted before the metadata had keys for it.
_INPUT_SENTENCES = (
    ("BGR, 0..255, minus (103.939,116.779,123.68)", vgg.CAFFE),
    ("RGB in [0,1], minus mean (123.68,116.779,103.939)/255", vgg.CAFFE_UNIT),
)

# The original parameters in torchvision's key names, published by Justin Johnson.
_CAFFE_PICKLE = "vgg19-d01eb7cb"


class _Opened(NamedTuple):
    """An open file: which convolutions it has, and how one is read as an OIHW kernel and a bias."""

    names: Collection[str]
    read: Callable[[str], Sequence[NDArray[Any]]]
    convention: InputConvention
    source: str


def load_vgg19(path: str | os.PathLike[str], *, deepest: str | None = None) -> VggParameters:
    """Read the convolutions of a VGG-19, and what they want as their input.

    The file is a safetensors file in impasto's layout, a Keras ``.h5``, or a torchvision ``.pth``.
    Half precision becomes float32; a classifier and what is deeper than the layer ``deepest``
    (``"conv5_1"``; None: all that the file has) are left out. A file that does not exist, is
    damaged, is of another network or kind, holds code, does not state its input, or ends before
    ``deepest`` is a `WeightsError`; ``deepest`` that is no layer is a `SettingsError`.
    """
    path = expanded(path)
    if deepest is not None and deepest not in VGG19_LAYERS:
        raise SettingsError(f"VGG-19 has no convolution {deepest!r}; it has conv1_1 to conv5_4")
    if path.exists():
        check_file(path, WeightsError)
    try:
        with _opener(path)(path) as opened:
            names = _names_to_read(opened.names, deepest)
            weights = {name: _checked(name, *opened.read(name)) for name in names}
    except FileNotFoundError as error:
        raise WeightsError(f"{path} does not exist: run `impasto weights fetch vgg19`") from error
    except MemoryError:
        raise
    # What the readers raise on a damaged file is anything from KeyError to RuntimeError.
    except Exception as error:
        raise WeightsError(
            f"{path} cannot be used as VGG-19 weights: {_first_line(error)}. "
            "If it should be one, delete it and run `impasto weights fetch vgg19`"
        ) from error
    return VggParameters(weights, opened.convention, opened.source)


def _names_to_read(present: Collection[str], deepest: str | None) -> list[str]:
    """The layers to read; a gap anywhere, also a deeper one, tells VGG-16 and the like."""
    layers = list(VGG19_LAYERS)
    last = max(map(layers.index, present), default=0)
    end = last if deepest is None else layers.index(deepest)
    if absent := [name for name in layers[: max(last, end) + 1] if name not in present]:
        raise ValueError(f"it has no layer {absent[0]}, so it is another network or a part of one")
    return layers[: end + 1]


def _checked(name: str, kernel: NDArray[Any], bias: NDArray[Any]) -> vgg.Layer:
    import numpy as np

    _check(name, kernel.shape, bias.shape, {kernel.dtype, bias.dtype})
    # A copy always: what a reader hands out may be a view of a file that is about to be closed.
    layer = (np.array(kernel, np.float32, order="C"), np.array(bias, np.float32))
    if not all(np.isfinite(array).all() for array in layer):
        raise ValueError(f"{name} has values that are not finite")
    return layer


def _check(name: str, kernel: tuple[int, ...], bias: tuple[int, ...], types: set[Any]) -> None:
    inputs, outputs = VGG19_LAYERS[name]
    if (kernel, bias) != ((outputs, inputs, 3, 3), (outputs,)):
        raise ValueError(f"{name} has the shapes {kernel} and {bias} of another network")
    if any(kind.kind != "f" for kind in types):
        found = " and ".join(map(str, types))
        raise ValueError(f"{name} has {found} where numbers with a point should be")


def _first_line(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]}"
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _opener(path: Path) -> Callable[[Path], AbstractContextManager[_Opened]]:
    with path.open("rb") as stream:
        head = stream.read(9)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return _open_keras
    if head.startswith((b"PK\x03\x04", b"\x80")):
        return _open_torch
    if head[8:] == b"{":
        return _open_safetensors
    raise ValueError("it is neither a safetensors, a Keras .h5 nor a torch .pth file")


@contextmanager
def _open_safetensors(path: Path) -> Iterator[_Opened]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        there, metadata = set(file.keys()), file.metadata() or {}
        yield _Opened(
            [name for name in VGG19_LAYERS if f"{name}.weight" in there],
            lambda name: [file.get_tensor(f"{name}.{part}") for part in ("weight", "bias")],
            _stated_convention(metadata),
            metadata.get("source", path.name),
        )


def _stated_convention(metadata: Mapping[str, str]) -> InputConvention:
    if "channel_order" not in metadata:
        for beginning, convention in _INPUT_SENTENCES:
            if metadata.get("input", "").startswith(beginning):
                return convention
        raise ValueError("its metadata lacks channel_order, scale, mean or std of the input")
    order, scale = metadata["channel_order"], float(metadata["scale"])
    mean, std = (tuple(map(float, metadata[name].split(","))) for name in ("mean", "std"))
    if order not in ("RGB", "BGR"):
        raise ValueError(f"its metadata has the channel_order {order!r}, not RGB or BGR")
    if len(mean) != 3 or len(std) != 3:
        raise ValueError("its metadata has a mean or std that is not three numbers")
    if not all(map(isfinite, (scale, *mean, *std))) or min(scale, *std) <= 0:
        raise ValueError("its metadata has a scale, mean or std that is not a usable number")
    return InputConvention(order, scale, mean, std)


@contextmanager
def _open_keras(path: Path) -> Iterator[_Opened]:
    import h5py

    def text(name: bytes | str) -> str:
        return name.decode() if isinstance(name, bytes) else str(name)

    def read(layer: str) -> Sequence[NDArray[Any]]:
        group = root[keys[layer]]
        kernel, bias = (group[text(name)] for name in group.attrs["weight_names"])
        # Before anything is read: a file of a few bytes can declare terabytes.
        shape = (*kernel.shape[:1:-1], *kernel.shape[:2])
        _check(layer, shape, bias.shape, {kernel.dtype, bias.dtype})
        return kernel[()].transpose(3, 2, 0, 1), bias[()]  # HWIO as OIHW

    with h5py.File(path, "r") as file:
        root = file.get("model_weights", file)
        if "layer_names" not in root.attrs:
            raise ValueError("it has no attribute layer_names, so it is not a Keras weights file")
        there = set(map(text, root.attrs["layer_names"]))
        # "conv4_2" is called "block4_conv2".
        keys = {name: name.replace("conv", "block").replace("_", "_conv") for name in VGG19_LAYERS}
        names = [name for name, key in keys.items() if key in there]
        yield _Opened(names, read, vgg.CAFFE, f"{path.name} (Keras Applications)")


@contextmanager
def _open_torch(path: Path) -> Iterator[_Opened]:
    from pickle import UnpicklingError
    from zipfile import is_zipfile

    import torch

    try:
        with warnings.catch_warnings():
            # What torch warns of (old protocols) ends in an error or does not matter.
            warnings.simplefilter("ignore")
            # Files of torch before 1.6 are no zip archives and cannot be mapped into memory.
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zipfile(path))
    except UnpicklingError as error:
        raise ValueError("it is damaged, or holds more than tensors, which is refused") from error
    if not isinstance(state, dict):
        raise TypeError(f"it holds a {type(state).__name__}, not tensors by name")
    keys = {
        # A feature is a convolution or the ReLU after it; each earlier block adds its pooling.
        name: f"features.{2 * position + int(name[4]) - 1}"
        for position, name in enumerate(VGG19_LAYERS)
    }
    original = path.name.startswith(_CAFFE_PICKLE)
    yield _Opened(
        [name for name, key in keys.items() if f"{key}.weight" in state],
        lambda name: [state[f"{keys[name]}.{p}"].detach().numpy() for p in ("weight", "bias")],
        vgg.CAFFE if original else vgg.TORCHVISION,
        f"{path.name} ({'Caffe parameters' if original else 'torchvision'})",
    )


def load_pocket(path: str | os.PathLike[str]) -> Arrays:
    """Read kernels (OIHW) and biases by name, as `impasto train encoder` writes them, in float32.

    A file that does not exist, is damaged or holds something else is a `WeightsError`.
    """
    path, remedy = expanded(path), "leave weights out to use the bundled file"
    if not path.exists():
        raise WeightsError(f"{path} does not exist: {remedy}")
    remedy = f"for a VGG-19 choose encoder vgg19, or {remedy}"
    arrays, metadata = _arrays(path, " as a pocket encoder", remedy)
    if metadata.get("architecture") != "pocket":
        raise WeightsError(f"{path} is not the file of a pocket encoder: {remedy}")
    return arrays


def load_parameters(path: Path) -> Arrays:
    """Read all arrays of a safetensors file in float32; a damaged one is a `WeightsError`."""
    return _arrays(path, "", "fetch or copy it again")[0]


def _arrays(path: Path, what: str, remedy: str) -> tuple[Arrays, dict[str, str]]:
    import numpy as np
    from safetensors import safe_open

    check_file(path, WeightsError)
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except Exception as error:  # safetensors' own, and numpy's for types that it does not have
        raise WeightsError(f"{path} cannot be read{what}: {remedy} ({error})") from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise WeightsError(f"{path} has numbers that are not finite: {remedy}")
    return arrays, metadata
