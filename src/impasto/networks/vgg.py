"""VGG-19 as a perceptual encoder, cut at the deepest layer that is asked for.

Source: Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image
Recognition". Departures, each for the sake of the picture:

- Borders are padded with the nearest pixel, not with zeros, which paint a frame along the edges.
- The network's own normalization is folded into the first convolution, so that what goes in is
  always sRGB in [0, 1].
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import WeightsError
from impasto.networks.devices import split_bfloat16
from impasto.networks.layers import deepest, steps_to
from impasto.weights import VggParameters, load_vgg19


class VGG19(nn.Module):
    """Picture -> features of the named layers.

    Args:
        parameters: Kernels, biases and the input convention they were trained with.
        layers: The layers it will be asked for, by canonical name; nothing beyond them is kept.
        pooling: `"max"`, or `"average"` as Gatys et al. prefer.
        precision: Of the arithmetic. In bfloat16 the weights are cast once, here.

    Raises:
        WeightsError: The parameters end before the deepest layer.
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

        For (N, 3, H, W) float32 sRGB in [0, 1] they are (N, C, H / 2ᵖ, W / 2ᵖ) in the encoder's
        precision, p poolings deep.
        """
        wanted = frozenset(layers)
        features: dict[str, Tensor] = {}
        x = split_bfloat16(image) if self.precision == torch.bfloat16 else image
        x = x.contiguous(memory_format=torch.channels_last)
        for layer in steps_to(deepest(layers)):
            # In place saves a pass through memory, where nobody wants what was there before.
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
    parameters = load_vgg19(path, deepest=deepest(layers).replace("relu", "conv"))
    return VGG19(parameters, layers, pooling=pooling, precision=precision)
