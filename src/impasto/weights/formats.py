"""Parameters of a VGG-19, out of the three kinds of file they are published in, and of pocket.

The kind is told by what the file holds, not by its name. Nothing is unpickled but tensors.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from impasto.errors import SettingsError, WeightsError
from impasto.files import check_file
from impasto.weights.folders import expanded
from impasto.weights.vgg import (
    CAFFE,
    CAFFE_UNIT,
    TORCHVISION,
    VGG19_LAYERS,
    InputConvention,
    VggParameters,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from impasto.weights.vgg import Layer

    RawLayer = tuple[NDArray[Any], NDArray[Any]]

# How files that were converted before the metadata had keys of its own speak of their input.
_INPUT_SENTENCES = (
    ("BGR, 0..255, minus (103.939,116.779,123.68)", CAFFE),
    ("RGB in [0,1], minus mean (123.68,116.779,103.939)/255", CAFFE_UNIT),
)

# The original parameters in torchvision's key names, published by Justin Johnson.
_CAFFE_PICKLES = ("vgg19-d01eb7cb",)


class _Opened(NamedTuple):
    """An open file: which convolutions it has, and how one is read as an OIHW kernel and a bias."""

    names: Collection[str]
    read: Callable[[str], RawLayer]
    convention: InputConvention
    source: str


def load_vgg19(path: str | os.PathLike[str], *, deepest: str | None = None) -> VggParameters:
    """Read the convolutions of a VGG-19.

    Args:
        path: A safetensors file in impasto's layout, a Keras ``.h5`` file, or a torchvision
            ``.pth`` file. Half precision becomes float32; a classifier is left out.
        deepest: The last layer needed, such as ``"conv5_1"``; deeper ones are not read.
            None: all that the file has.

    Returns:
        The parameters, with what they want as their input.

    Raises:
        WeightsError: The file does not exist, is damaged, is of another network or kind, holds
            code, does not state its input, or ends before ``deepest``.
        SettingsError: There is no layer of the name ``deepest``.
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
    """The layers to read, if the file could be a VGG-19: no gap, no missing end.

    A gap anywhere tells VGG-16 and the like, even where it lies deeper than what is wanted.
    """
    layers = list(VGG19_LAYERS)
    last = max(map(layers.index, present), default=0)
    end = last if deepest is None else layers.index(deepest)
    if absent := [name for name in layers[: max(last, end) + 1] if name not in present]:
        raise ValueError(f"it has no layer {absent[0]}, so it is another network or a part of one")
    return layers[: end + 1]


def _checked(name: str, kernel: NDArray[Any], bias: NDArray[Any]) -> Layer:
    import numpy as np

    _check(name, kernel.shape, bias.shape, {kernel.dtype, bias.dtype})
    # A copy always: what a reader hands out may be a view of a file that is about to be closed.
    layer = (np.array(kernel, np.float32, order="C"), np.array(bias, np.float32))
    if not all(np.isfinite(array).all() for array in layer):
        raise ValueError(f"{name} has values that are not finite")
    return layer


def _check(
    name: str, kernel: tuple[int, ...], bias: tuple[int, ...], types: set[np.dtype[Any]]
) -> None:
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
        keys = set(file.keys())
        metadata = file.metadata() or {}
        yield _Opened(
            names=[name for name in VGG19_LAYERS if f"{name}.weight" in keys],
            read=lambda name: (file.get_tensor(f"{name}.weight"), file.get_tensor(f"{name}.bias")),
            convention=_stated_convention(metadata),
            source=metadata.get("source", path.name),
        )


def _stated_convention(metadata: Mapping[str, str]) -> InputConvention:
    if "channel_order" not in metadata:
        sentence = metadata.get("input", "")
        for beginning, convention in _INPUT_SENTENCES:
            if sentence.startswith(beginning):
                return convention
        raise ValueError(
            "its metadata does not state channel_order, scale, mean and std of the input"
        )
    order = metadata["channel_order"]
    if order not in ("RGB", "BGR"):
        raise ValueError(f"its metadata has the channel_order {order!r}, not RGB or BGR")
    scale = float(metadata["scale"])
    mean, std = _three_numbers(metadata["mean"]), _three_numbers(metadata["std"])
    if not all(map(isfinite, (scale, *mean, *std))) or min(scale, *std) <= 0:
        raise ValueError("its metadata has a scale, mean or std that is not a usable number")
    return InputConvention("RGB" if order == "RGB" else "BGR", scale, mean, std)


def _three_numbers(text: str) -> tuple[float, float, float]:
    first, second, third = (float(number) for number in text.split(","))
    return first, second, third


@contextmanager
def _open_keras(path: Path) -> Iterator[_Opened]:
    import h5py

    with h5py.File(path, "r") as file:
        root = file.get("model_weights", file)
        if "layer_names" not in root.attrs:
            raise ValueError("it has no attribute layer_names, so it is not a Keras weights file")
        layers = set(map(_text, root.attrs["layer_names"]))
        yield _Opened(
            names=[name for name in VGG19_LAYERS if _keras_name(name) in layers],
            read=lambda name: _keras_layer(name, root[_keras_name(name)]),
            convention=CAFFE,
            source=f"{path.name} (Keras Applications)",
        )


def _keras_name(layer: str) -> str:
    """``"conv4_2"`` as ``"block4_conv2"``."""
    return layer.replace("conv", "block").replace("_", "_conv")


def _keras_layer(layer: str, group: Any) -> RawLayer:  # noqa: ANN401 (h5py has no types)
    kernel, bias = (group[_text(name)] for name in group.attrs["weight_names"])
    # Before anything is read: a file of a few bytes can declare terabytes.
    shape = (*kernel.shape[:1:-1], *kernel.shape[:2])
    _check(layer, shape, bias.shape, {kernel.dtype, bias.dtype})
    return kernel[()].transpose(3, 2, 0, 1), bias[()]  # HWIO as OIHW


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


@contextmanager
def _open_torch(path: Path) -> Iterator[_Opened]:
    state = _tensors_of(path)
    keys = {
        # A feature is a convolution or the ReLU after it; each earlier block adds its pooling.
        name: f"features.{2 * position + int(name[4]) - 1}"
        for position, name in enumerate(VGG19_LAYERS)
    }
    original = path.name.startswith(_CAFFE_PICKLES)
    yield _Opened(
        names=[name for name, key in keys.items() if f"{key}.weight" in state],
        read=lambda name: (
            state[f"{keys[name]}.weight"].detach().numpy(),
            state[f"{keys[name]}.bias"].detach().numpy(),
        ),
        convention=CAFFE if original else TORCHVISION,
        source=f"{path.name} ({'Caffe parameters' if original else 'torchvision'})",
    )


def _tensors_of(path: Path) -> dict[str, Any]:
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
    return state


def load_pocket(path: str | os.PathLike[str]) -> dict[str, NDArray[np.float32]]:
    """Read kernels (OIHW) and biases by name, as `impasto train encoder` writes them.

    Half precision becomes float32.

    Raises:
        WeightsError: The file does not exist, is damaged or holds something else.
    """
    import numpy as np
    from safetensors import safe_open

    path = expanded(path)
    if path.exists():
        check_file(path, WeightsError)
    try:
        with safe_open(path, framework="numpy") as file:
            if (file.metadata() or {}).get("architecture") != "pocket":
                raise WeightsError(
                    f"{path} is not the file of a pocket encoder: for a VGG-19 choose encoder vgg19"
                )
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        problem = f"{path} does not exist: leave weights out to use the bundled file"
        raise WeightsError(problem) from error
    except WeightsError:
        raise
    except Exception as error:  # safetensors' own, and numpy's for types that it does not have
        raise WeightsError(
            f"{path} cannot be read as a pocket encoder: for a VGG-19 choose encoder vgg19, or "
            f"leave weights out to use the bundled file ({error})"
        ) from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise WeightsError(f"{path} holds numbers that are not finite: train it again")
    return arrays
