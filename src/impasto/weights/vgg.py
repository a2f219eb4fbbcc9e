"""VGG-19 as a table: its layers, its parameters, what they want as input, and their file.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014,
configuration E without the classifier.
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from impasto.files import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Layer: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]

_NAMES = [f"conv{b}_{i + 1}" for b, n in enumerate((2, 2, 4, 4, 4), 1) for i in range(n)]
_WIDTHS = (3, 64, 64, 128, 128, *(256,) * 4, *(512,) * 8)

#: The 16 convolutions, ``conv1_1`` to ``conv5_4``, with their input and output channels.
VGG19_LAYERS: Mapping[str, tuple[int, int]] = dict(zip(_NAMES, pairwise(_WIDTHS), strict=True))


class InputConvention(NamedTuple):
    """What a network wants for an sRGB picture x in [0, 1]: ``(x * scale - mean) / std``.

    The channel order is ``"RGB"`` or ``"BGR"``, of mean and std as well; the scale is 255 or 1.
    """

    channel_order: str
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]


_ONES = (1.0, 1.0, 1.0)
#: Of the original parameters, which Keras publishes too.
CAFFE = InputConvention("BGR", 255.0, (103.939, 116.779, 123.68), _ONES)
#: Of the normalized network that AdaIN and WCT use.
CAFFE_UNIT = InputConvention("RGB", 1.0, (123.68 / 255, 116.779 / 255, 103.939 / 255), _ONES)
#: Of the networks that torchvision trained.
TORCHVISION = InputConvention("RGB", 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class VggParameters(NamedTuple):
    """The convolutions of a VGG-19, what they want as their input, and their source in words.

    For each layer from ``"conv1_1"`` on: kernel (out, in, 3, 3) and bias (out,), both float32.
    """

    weights: "Mapping[str, Layer]"
    convention: InputConvention
    source: str


def write_vgg19(parameters: VggParameters, path: Path, notes: Mapping[str, str] = {}) -> None:
    """Write parameters in impasto's layout: ``conv1_1.weight`` (OIHW), ``conv1_1.bias`` and so on.

    The metadata states the input convention, the source and the notes. The file, a
    ``.safetensors``, appears whole or not at all (`OSError`).
    """
    import numpy as np
    from safetensors.numpy import save

    tensors = {
        # safetensors writes the memory as it lies, whatever the strides say.
        f"{name}.{part}": np.ascontiguousarray(array)
        for name, layer in parameters.weights.items()
        for part, array in zip(("weight", "bias"), layer, strict=True)
    }
    order, scale, mean, std = parameters.convention
    metadata = {
        **notes,
        "architecture": "VGG-19 convolutions, OIHW",
        "channel_order": order,
        "scale": repr(scale),
        "mean": ",".join(map(repr, mean)),
        "std": ",".join(map(repr, std)),
        "source": parameters.source,
    }
    with replacing(path) as part:
        part.write_bytes(save(tensors, metadata))
