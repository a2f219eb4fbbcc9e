"""VGG-19 as a perceptual encoder, its layers and their names.

Source: Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image
Recognition". Departures, each for the sake of the picture:

- Borders are padded with the nearest pixel, not with zeros, which paint a frame along the edges.
- The network's own normalization is folded into the first convolution, so that what goes in is
  always sRGB in [0, 1].

The layer `relu4_1` is after the ReLU and `conv4_1` before it, as in the papers; `pool4` is after
the fourth pooling. The Keras spelling `block4_conv1` is after the ReLU too, because Keras has the
activation inside the layer, and `block4_pool` is `pool4`.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import SettingsError, WeightsError
from impasto.networks.devices import split_bfloat16
from impasto.weights import VGG19_LAYERS, VggParameters, load_vgg19


def _in_order() -> Iterator[str]:
    for conv in VGG19_LAYERS:
        if conv.endswith("_1") and conv != "conv1_1":
            yield f"pool{int(conv[4]) - 1}"
        yield conv
        yield conv.replace("conv", "relu")
    yield "pool5"


LAYERS = tuple(_in_order())  # every layer, shallow to deep
_DEPTH = {name: depth for depth, name in enumerate(LAYERS)}


def canonical(name: str) -> str:
    """Return the name of a layer (also Keras's) in this project's spelling, or a `SettingsError`.

    Examples:
        >>> canonical("block4_conv2")
        'relu4_2'
    """
    plain = name.strip().lower()
    plain = re.sub(r"^block(\d)_conv(\d)$", r"relu\1_\2", plain)
    plain = re.sub(r"^block(\d)_pool$", r"pool\1", plain)
    if plain not in _DEPTH:
        near = max(LAYERS, key=lambda layer: _likeness(plain, layer))
        raise SettingsError(f"there is no layer {name!r}; did you mean {near!r}?")
    return plain


def _likeness(given: str, layer: str) -> tuple[float, int]:
    # Among layers as near, the one that begins alike: for relu1_3 that is relu1_2, not relu5_3.
    alike = sum(given.startswith(layer[:end]) for end in range(1, len(layer)))
    return difflib.SequenceMatcher(None, given, layer).ratio(), alike


def check_layers(encoder: str, known: Iterable[str], layers: Iterable[str]) -> None:
    """Raise a `SettingsError` for layers that an encoder does not have."""
    known = tuple(known)
    if unknown := [name for name in layers if name not in known]:
        raise SettingsError(
            f"the encoder {encoder} knows {', '.join(known)}, not {unknown[0]}: "
            "name one of these or use encoder vgg19 alone"
        )


def deepest(names: Iterable[str]) -> str:
    """Return the last of the named layers (canonical names) on the way through the network."""
    return max(names, key=_DEPTH.__getitem__)


def steps_to(name: str) -> tuple[str, ...]:
    """Return the layers from the picture to this one, inclusive."""
    return LAYERS[: _DEPTH[name] + 1]


def pools_before(name: str) -> int:
    """Return how often the picture was halved when it reaches this layer: 0 to 5."""
    return sum(layer.startswith("pool") for layer in steps_to(name))


class VGG19(nn.Module):
    """Maps a picture to features of the named layers, by canonical name; deeper ones are left out.

    Pooling is `"max"`, or `"average"` as Gatys et al. prefer. In bfloat16 weights are cast once,
    here. Parameters that end before the deepest layer are a `WeightsError`.
    """

    def __init__(
        self,
        parameters: VggParameters,
        layers: Sequence[str],
        *,
        pooling: str = "max",
        precision: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.path = steps_to(deepest(layers))
        self.pool = F.max_pool2d if pooling == "max" else F.avg_pool2d
        self.precision = precision
        for layer in self.path:
            if layer.startswith("conv"):
                self._add(layer, parameters)

    def _add(self, layer: str, parameters: VggParameters) -> None:
        if layer not in parameters.weights:
            raise WeightsError(
                f"the VGG-19 of {parameters.source} ends before {layer}; "
                "name shallower layers or use a file that has it"
            )
        kernel, bias = (torch.from_numpy(array).float() for array in parameters.weights[layer])
        if layer == "conv1_1":
            kernel, bias = _folded(kernel, bias, parameters)
            if self.precision == torch.bfloat16:
                kernel = torch.cat([kernel, kernel], 1)
        kernel = kernel.to(self.precision).contiguous(memory_format=torch.channels_last)
        self.register_buffer(f"{layer}_weight", kernel, persistent=False)
        self.register_buffer(f"{layer}_bias", bias.to(self.precision), persistent=False)

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing changes a position of its deepest layer, at most."""
        reach, stride = 0, 1
        for layer in self.path:
            reach += 0 if layer.startswith("relu") else stride
            stride *= 2 if layer.startswith("pool") else 1
        return reach

    def forward(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return features of layers, by canonical name, among those named at construction.

        For (N, 3, H, W) float32 sRGB in [0, 1] they are (N, C, H / 2ᵖ, W / 2ᵖ), p poolings deep.
        """
        wanted = frozenset(layers)
        features: dict[str, Tensor] = {}
        x = split_bfloat16(image) if self.precision == torch.bfloat16 else image
        x = x.contiguous(memory_format=torch.channels_last)
        for layer in steps_to(deepest(layers)):
            # In place saves a pass through memory, where the convolution's output is not asked for.
            x = self._through(layer, x, layer.replace("relu", "conv") not in wanted)
            if layer in wanted:
                features[layer] = x
        return features

    def _through(self, layer: str, x: Tensor, in_place: bool) -> Tensor:
        if layer.startswith("conv"):
            weight, bias = self.get_buffer(f"{layer}_weight"), self.get_buffer(f"{layer}_bias")
            return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias)
        return F.relu(x, inplace=in_place) if layer.startswith("relu") else self.pool(x, 2)


def _folded(kernel: Tensor, bias: Tensor, parameters: VggParameters) -> tuple[Tensor, Tensor]:
    """Return the first convolution with (x·scale − mean) / std and the channel order taken in."""
    convention = parameters.convention
    mean, std = torch.tensor(convention.mean), torch.tensor(convention.std)
    bias = bias - (kernel * (mean / std).view(1, 3, 1, 1)).sum((1, 2, 3))
    kernel = kernel * (convention.scale / std).view(1, 3, 1, 1)
    return (kernel.flip(1) if convention.channel_order == "BGR" else kernel), bias


def open_vgg19(path: Path, layers: Sequence[str], pooling: str, precision: torch.dtype) -> VGG19:
    """Open VGG-19 as `EncoderRow.build` says, no deeper than the layers need."""
    last = [step for step in steps_to(deepest(layers)) if step.startswith("conv")][-1]
    parameters = load_vgg19(path, deepest=last)
    return VGG19(parameters, layers, pooling=pooling, precision=precision)
