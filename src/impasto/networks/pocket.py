"""The pocket encoder: a small network of our own that stands in for VGG-19.

It was distilled from VGG-19 (`impasto.training.encoder`; Hinton et al. 2015) and has the six layers
that style transfer asks for, with as many channels as VGG-19 has there. Why it is fast:

- No layer of it is as large as the picture. It starts from cells of 2x2 pixels; the features of
  `relu1_1` are VGG-19's own kind, a 3x3 convolution of the picture, computed from those cells.
- Its trunk, up to `relu3_1`, is narrow, and a convolution of 4x4 with stride 2 takes the place of a
  pooling: unlike 3x3 it looks at every pixel equally often. A 1x1 head widens it to each layer.
- From there on it is VGG-19 itself, where each kernel of 3x3 is a product of two of low rank, 3x1
  and 1x3 (Jaderberg et al. 2014, "Speeding up Convolutional Neural Networks with Low Rank
  Expansions"): a fifth of the work.
- Statistics do not need every position: of the two large layers a quarter will do, another one
  at every step of an optimization (`subsample_phase`).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import WeightsError
from impasto.networks.devices import split_bfloat16
from impasto.networks.vgg import check_layers, steps_to
from impasto.weights import load_pocket

#: Its layers and VGG-19's widths there.
POCKET_LAYERS: Mapping[str, int] = {
    "relu1_1": 64,
    "relu2_1": 128,
    "relu3_1": 256,
    "relu4_1": 512,
    "relu4_2": 512,
    "relu5_1": 512,
}
SAMPLED_LAYERS = ("relu1_1", "relu2_1")  # those of which a quarter of the positions is enough
SUBSAMPLE_PHASES = 4
#: VGG-19's steps from `relu3_1` to `relu5_1`, those of the tail.
TAIL = steps_to("relu5_1")[len(steps_to("relu3_1")) :]
TAIL_CONVOLUTIONS = tuple(step for step in TAIL if step.startswith("conv"))


class Unit(NamedTuple):
    """One convolution of the trunk with its ReLU, and the layer whose head looks at it."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    tap: str | None = None


@dataclass(frozen=True)
class PocketShape:
    """Widths of the trunk and ranks of the tail.

    Widths are channels of the stem and of `relu2_1`'s convolution (at half the picture's
    resolution), and of the two of `relu3_1` (at a quarter); ranks, those of the tail's convolutions
    from `conv3_2` to `conv5_1`, or to an earlier one if there are fewer.
    """

    widths: tuple[int, ...] = (24, 48, 96)
    ranks: tuple[int, ...] = (96, 64, 64, 96, 160, 184, 176, 192)

    def units(self) -> tuple[Unit, ...]:
        """Return the trunk, from the stem on."""
        stem, second, third = self.widths
        return (
            Unit("stem", 12, stem, 3),
            Unit("trunk2_1", stem, second, 3, tap="relu2_1"),
            Unit("trunk3_1", second, third, 4, stride=2),
            Unit("trunk3_2", third, third, 3, tap="relu3_1"),
        )

    def kernels(self) -> dict[str, tuple[int, int, int, int]]:
        """Return the shapes of all kernels by name: outputs, inputs, height and width."""
        found = {"relu1_1": (POCKET_LAYERS["relu1_1"], 3, 3, 3)}
        for unit in self.units():
            found[unit.name] = unit.outputs, unit.inputs, unit.kernel, unit.kernel
            if unit.tap:
                found[unit.tap] = POCKET_LAYERS[unit.tap], unit.outputs, 1, 1
        inputs = POCKET_LAYERS["relu3_1"]
        for conv, rank in zip(TAIL_CONVOLUTIONS, self.ranks, strict=False):
            found[f"{conv}_down"] = rank, inputs, 3, 1
            inputs = POCKET_LAYERS[f"relu{conv[4]}_1"]
            found[f"{conv}_across"] = inputs, rank, 1, 3
        return found


class PocketNetwork(nn.Module, ABC):
    """The forward pass through trunk and heads; subclasses define what a layer computes."""

    def __init__(self, shape: PocketShape) -> None:
        super().__init__()
        self.shape, self.units = shape, shape.units()

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing changes a position of its deepest layer, at most."""
        reach, stride = 0, 2
        for unit in self.units:
            reach += unit.kernel // 2 * stride
            stride *= unit.stride
        for step in TAIL:
            reach += 0 if step.startswith("relu") else stride
            stride *= 2 if step.startswith("pool") else 1
        return reach + 1  # its cells begin at every other pixel

    @abstractmethod
    def cells(self, image: Tensor) -> Tensor:
        """Return (N, C, h + 2, w + 2): cells of 2x2 pixels with one more at each border."""

    @abstractmethod
    def first(self, cells: Tensor, subsample_phase: int | None) -> Tensor:
        """Return the features of `relu1_1`, or those of one phase."""

    @abstractmethod
    def convolution(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        """Return the convolution of this name; the input is padded already."""

    def forward(
        self, image: Tensor, layers: Sequence[str], subsample_phase: int | None = None
    ) -> dict[str, Tensor]:
        """Return features of some of `POCKET_LAYERS`.

        For (N, 3, H, W) float32 sRGB in [0, 1], at least 16x16, they are (N, VGG-19's channels,
        H / 2ᵖ, W / 2ᵖ), p poolings deep, where odd sides count as one pixel more. With a
        `subsample_phase`, 0 to 3, `relu1_1` and `relu2_1` are computed only at every other position
        across and down, starting at this one of four.
        """
        check_layers("pocket", POCKET_LAYERS, layers)
        x = cells = self.cells(image)
        features = {}
        if "relu1_1" in layers:
            features["relu1_1"] = self.first(cells, subsample_phase)
        deep = any(layer in TAIL for layer in layers)
        for unit in self.units:
            if features.keys() >= set(layers):
                return features
            if unit.name != "stem":  # the cells have borders already
                x = F.pad(x, (1, 1, 1, 1), mode="replicate")
            x = F.relu(self.convolution(unit.name, x, unit.stride), inplace=True)
            if unit.tap and (unit.tap in layers or (deep and unit.tap == "relu3_1")):
                phase = subsample_phase if unit.tap in SAMPLED_LAYERS else None
                seen = x if phase is None else subsampled(x, phase)
                features[unit.tap] = F.relu(self.convolution(unit.tap, seen), inplace=True)
        if deep:
            self._through_tail(features, layers)
        return {name: features[name] for name in layers}

    def _through_tail(self, features: dict[str, Tensor], layers: Sequence[str]) -> None:
        """Add the features of the layers beyond `relu3_1`."""
        x = features["relu3_1"]
        for step in TAIL:
            if features.keys() >= set(layers):
                return
            if step.startswith("conv"):
                x = self.convolution(f"{step}_down", F.pad(x, (0, 0, 1, 1), mode="replicate"))
                x = self.convolution(f"{step}_across", F.pad(x, (1, 1, 0, 0), mode="replicate"))
            elif step.startswith("pool"):
                x = F.max_pool2d(x, 2)
            else:
                x = F.relu(x, inplace=True)
            if step in layers:
                features[step] = x


class Pocket(PocketNetwork):
    """Picture -> features like VGG-19's, by a distilled network.

    Its parameters are kernels (OIHW) and biases by name, as `weights/bundled/pocket.safetensors`;
    others are a `WeightsError`. In bfloat16 they are cast once, here.
    """

    def __init__(
        self, parameters: Mapping[str, Tensor], *, precision: torch.dtype = torch.float32
    ) -> None:
        shape = _shape_of(parameters)
        super().__init__(shape)
        self.precision = precision
        # The picture comes in two parts in bfloat16: the same kernel for both.
        parts = 2 if precision == torch.bfloat16 else 1
        for name in shape.kernels():
            kernel = parameters[f"{name}.weight"].float()
            bias = parameters[f"{name}.bias"].float()
            if name == "relu1_1":
                kernel = torch.cat([at_phase(kernel, each) for each in range(SUBSAMPLE_PHASES)])
                bias = bias.repeat(SUBSAMPLE_PHASES)
            if name in ("relu1_1", "stem"):
                kernel = torch.cat([kernel] * parts, 1)
            kernel = kernel.to(precision).contiguous(memory_format=torch.channels_last)
            self.register_buffer(f"{name}_weight", kernel, persistent=False)
            self.register_buffer(f"{name}_bias", bias.to(precision), persistent=False)

    def cells(self, image: Tensor) -> Tensor:
        """Return (N, 12 or 24, h + 2, w + 2) cells in the encoder's precision."""
        cells = cells_of(image)
        if self.precision == torch.bfloat16:
            return split_bfloat16(cells)
        return cells.contiguous(memory_format=torch.channels_last)

    def first(self, cells: Tensor, subsample_phase: int | None) -> Tensor:
        """Return (N, 64, H, W), or a quarter of it."""
        if subsample_phase is None:
            # Phases come first here, and last where pixel_shuffle looks for them.
            every = F.relu(self.convolution("relu1_1", cells), inplace=True)
            every = every.view(len(every), SUBSAMPLE_PHASES, -1, *every.shape[2:])
            return F.pixel_shuffle(every.transpose(1, 2).flatten(1, 2), 2)
        weight, bias = self.get_buffer("relu1_1_weight"), self.get_buffer("relu1_1_bias")
        count = len(bias) // SUBSAMPLE_PHASES
        part = slice(subsample_phase * count, (subsample_phase + 1) * count)
        return F.relu(F.conv2d(cells, weight[part], bias[part]), inplace=True)

    def convolution(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        """Return the convolution of this name; the input is padded already."""
        weight, bias = self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias")
        return F.conv2d(x, weight, bias, stride=stride)


def cells_of(image: Tensor) -> Tensor:
    """Return cells of 2x2 pixels, (N, 12, ⌈H / 2⌉ + 2, ⌈W / 2⌉ + 2), borders repeated."""
    down, across = image.shape[2] % 2, image.shape[3] % 2
    return F.pixel_unshuffle(F.pad(image, (2, 2 + across, 2, 2 + down), mode="replicate"), 2)


def at_phase(kernel: Tensor, phase: int) -> Tensor:
    """Return a (O, 3, 3, 3) kernel on pixels as (O, 12, 3, 3) on cells, for one pixel of a cell."""
    down, across = phase // 2 + 1, phase % 2 + 1
    return F.pixel_unshuffle(F.pad(kernel, (across, 3 - across, down, 3 - down)), 2)


def subsampled(x: Tensor, phase: int) -> Tensor:
    """Return every other position of (N, C, H, W) across and down: one phase of four."""
    part: Tensor = _Subsample.apply(x, phase)  # type: ignore[no-untyped-call]
    return part


class _Subsample(torch.autograd.Function):
    """Its gradient lies in memory as the network's other gradients do, to be added to them fast."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, phase: int) -> Tensor:  # noqa: ANN401
        ctx.shape, ctx.phase = x.shape, phase
        return x[..., phase // 2 :: 2, phase % 2 :: 2].contiguous(memory_format=torch.channels_last)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        number, channels, height, width = ctx.shape
        whole = gradient.new_zeros((number, height, width, channels)).permute(0, 3, 1, 2)
        whole[..., ctx.phase // 2 :: 2, ctx.phase % 2 :: 2] = gradient
        return whole, None


def _shape_of(parameters: Mapping[str, Tensor]) -> PocketShape:
    try:
        widths = tuple(len(parameters[f"{n}.bias"]) for n in ("stem", "trunk2_1", "trunk3_1"))
        ranks = tuple(len(parameters[f"{conv}_down.bias"]) for conv in TAIL_CONVOLUTIONS)
        shape = PocketShape(widths, ranks)
        fits = all(
            parameters[f"{name}.weight"].shape == kernel
            and parameters[f"{name}.bias"].shape == kernel[:1]
            for name, kernel in shape.kernels().items()
        )
    except KeyError as error:
        raise WeightsError(f"these are not parameters of a pocket encoder: no {error}") from error
    if not fits:
        raise WeightsError("these are not parameters of a pocket encoder: their shapes do not fit")
    return shape


def open_pocket(path: Path, _layers: object, _pooling: str, precision: torch.dtype) -> Pocket:
    """Open the encoder as `EncoderRow.build` says; layers and pooling leave no choice."""
    parameters = {key: torch.from_numpy(value) for key, value in load_pocket(path).items()}
    return Pocket(parameters, precision=precision)
