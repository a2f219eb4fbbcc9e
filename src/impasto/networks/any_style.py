"""The any-style network: a reader, statistics of a style, and a painter.

The *reader* is the pocket encoder up to `relu4_1`, so it sees as VGG-19 does; it gives the first
principal components of `relu3_1` and `relu4_1`, two maps of features at 1/4 and 1/8 of a picture's
resolution. Contents and styles go through it alike. Each map of the content is given the mean and,
for the most part, the covariance of the style's map, and the *painter* decodes both, with the
content in the style's colors. So the weights hold no style: the statistics of any picture are one.

After coloring a little noise is added, the *grain*: a convolution can only paint a flat sky flat,
or with a pattern of its own cells; strokes need something to start from there.

Sources: an encoder that is not trained (Huang & Belongie 2017, AdaIN), whitening and coloring (Li
et al. 2017), residual blocks (Johnson et al. 2016), pixel shuffle (Shi et al. 2016), noise (Karras
et al. 2019, StyleGAN).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks.pocket import POCKET_LAYERS, PocketNetwork, PocketShape, cells_of
from impasto.networks.whitening import OF_COLORS, Coloring, coloring, transferred
from impasto.weights.any_style import COVARIANCE, FADES_BELOW, GRAIN_CELL, PLANES

#: The layer whose components each map holds, fine and middle.
READ_LAYERS = ("relu3_1", "relu4_1")
_ENCODER = PocketShape(ranks=PocketShape().ranks[:4])  # up to relu4_1


@dataclass(frozen=True)
class AnyStyleShape:
    """Widths and depths of the network."""

    fine: int = 64  # channels at 1/4 of the resolution
    middle: int = 128  # at 1/8
    coarse: int = 128  # at 1/16, in the painter alone
    blocks: tuple[int, ...] = (2, 3, 1)  # residual blocks of the painter: fine, middle, coarse
    encoder: PocketShape = _ENCODER


class Features(NamedTuple):
    """The maps of the reader, (N, C, H / s, W / s) with an s of 8 and 4."""

    middle: Tensor
    fine: Tensor


#: A style for the network: the statistics of its colors, and of its middle and fine map.
StyleCode = Sequence[Coloring]


class Residual(nn.Module):
    """x + convolution(ReLU(convolution(x))), at one width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = convolution(width, width, 3)
        self.second = convolution(width, width, 3, gain=0.3)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, width, h, w) for the same."""
        changed: Tensor = x + self.second(F.relu(self.first(x)))
        return changed


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Residual(width) for _ in range(count)))


class Reader(PocketNetwork):
    """Encoder: picture -> features."""

    def __init__(self, shape: AnyStyleShape) -> None:
        super().__init__(shape.encoder)
        kernels = shape.encoder.kernels()
        for name in reader_convolutions(shape.encoder):
            outputs, inputs, down, across = kernels[name]
            stride = next((unit.stride for unit in self.units if unit.name == name), 1)
            self.add_module(name, nn.Conv2d(inputs, outputs, (down, across), stride))
        self.fine = nn.Conv2d(POCKET_LAYERS["relu3_1"], shape.fine, 1)
        self.middle = nn.Conv2d(POCKET_LAYERS["relu4_1"], shape.middle, 1)

    def cells(self, image: Tensor) -> Tensor:
        """Return (N, 12, h + 2, w + 2)."""
        return cells_of(image).contiguous(memory_format=torch.channels_last)

    def first(self, cells: Tensor, subsample_phase: int | None) -> Tensor:
        """Never called: `relu1_1` is not among its layers."""
        raise NotImplementedError

    def convolution(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        """Return the convolution of this name; the input is padded already."""
        # In half precision a picture would have steps.
        fast = name != "stem" and torch.is_autocast_enabled(x.device.type)
        with torch.autocast(x.device.type, enabled=fast):
            made: Tensor = self.get_submodule(name)(x)
        return made

    def components(self, features: Mapping[str, Tensor]) -> Features:
        """Return the maps of features of `READ_LAYERS`."""
        fine, middle = (features[name] for name in READ_LAYERS)
        return Features(self.middle(middle), self.fine(fine))

    def maps(self, image: Tensor) -> Features:
        """Read (N, 3, H, W) in [0, 1], H and W multiples of `CELL`."""
        return self.components(self(image, READ_LAYERS))


def reader_convolutions(encoder: PocketShape) -> list[str]:
    """Return the names of the pocket encoder's convolutions that a reader has."""
    return [name for name in encoder.kernels() if name not in ("relu1_1", "relu2_1")]


class Painter(nn.Module):
    """Decoder: features and the recolored content -> picture."""

    def __init__(self, shape: AnyStyleShape) -> None:
        super().__init__()
        fine, middle, coarse = shape.blocks
        self.to_coarse = convolution(4 * shape.middle, shape.coarse, 1)
        self.coarse = _blocks(shape.coarse, coarse)
        self.to_middle = convolution(shape.coarse, 4 * shape.middle, 1, gain=0.5)
        self.middle = _blocks(shape.middle, middle)
        self.to_fine = convolution(shape.middle, 4 * shape.fine, 1)
        self.pixels = convolution(3 * GRAIN_CELL**2, shape.fine, 3, gain=0.5)
        self.features = convolution(shape.fine, shape.fine, 1, gain=0.7)
        self.fine = _blocks(shape.fine, fine)
        self.head = convolution(shape.fine, 3 * GRAIN_CELL**2, 3, gain=0.3)

    def forward(self, maps: Features, recolored: Tensor) -> Tensor:
        """Paint (N, 3, H, W), not clamped."""
        coarse = self.coarse(F.relu(self.to_coarse(_cells(maps.middle, 2))))
        raised = F.pixel_shuffle(self.to_middle(F.relu(coarse)), 2)
        middle = F.relu(self.middle(maps.middle + raised))
        fine = F.pixel_shuffle(self.to_fine(middle), 2) + self.features(maps.fine)
        fine = F.relu(fine + self.pixels(_cells(recolored - 0.5, GRAIN_CELL)))
        return F.pixel_shuffle(self.head(F.relu(self.fine(fine))).float(), GRAIN_CELL) + 0.5


class AnyStyle(nn.Module):
    """Reader, painter, and how much grain each map gets; the seed is of the initialization."""

    def __init__(self, shape: AnyStyleShape | None = None, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape = shape or AnyStyleShape()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.reader = Reader(shape)
            self.painter = Painter(shape)
            self.grain = nn.ParameterList(
                nn.Parameter(torch.randn(width, PLANES) * 0.3 / PLANES**0.5)
                for width in (shape.middle, shape.fine)
            )

    def encode(self, style: Tensor) -> list[Coloring]:
        """Return the statistics of styles (N, 3, H, W) in [0, 1], sides multiples of `CELL`."""
        return [coloring(style, *OF_COLORS), *map(coloring, self.reader.maps(style))]

    def transfer(
        self, content: Tensor, style: StyleCode, strength: float = 1
    ) -> tuple[Tensor, Features]:
        """Return contents in the styles' colors, and their maps with the styles' statistics.

        For M contents and N styles, a multiple of M, they are N: each content in N / M styles.
        """
        (colors, *others), times = style, len(style[0].mean) // len(content)
        repeated = content.repeat_interleave(times, 0)
        recolored = transferred(repeated, colors, *OF_COLORS, strength=strength).clamp(0, 1)
        how = {"strength": strength, "covariance": COVARIANCE}
        maps = zip(self.reader.maps(content), others, strict=True)
        given = (transferred(x.repeat_interleave(times, 0), s, **how) for x, s in maps)
        return recolored, Features(*given)

    def paint(
        self,
        recolored: Tensor,
        maps: Features,
        style: StyleCode,
        grain: Tensor,
        strength: float = 1,
    ) -> Tensor:
        """Paint what `transfer` gave, with grain; return (N, 3, H, W), not clamped."""
        planes = F.avg_pool2d(grain, 2) * 2, grain
        rough = (
            x + (strength * (s.root @ mixing) @ noise.flatten(2)).view_as(x).to(x.dtype)
            for x, s, mixing, noise in zip(maps, style[1:], self.grain, planes, strict=True)
        )
        painted: Tensor = self.painter(Features(*rough), recolored)
        return painted

    def forward(
        self, content: Tensor, style: StyleCode, grain: Tensor, strength: float = 1
    ) -> Tensor:
        """Stylize contents in N styles, from `encode`; return (N, 3, H, W), not clamped.

        Contents are (N, 3, H, W) in [0, 1], sides multiples of `CELL`; the grain is standard normal
        noise (N or 1, `PLANES`, H / 4, W / 4); strength is from 0, the content itself, to 1.
        """
        painted = self.paint(*self.transfer(content, style, strength), style, grain, strength)
        return content + min(1, strength / FADES_BELOW) * (painted - content)


def convolution(inputs: int, outputs: int, kernel: int, gain: float = 1.0) -> nn.Conv2d:
    """Return a convolution with replicated borders, He-initialized, its kernel times `gain`."""
    made = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="replicate")
    nn.init.kaiming_normal_(made.weight)
    nn.init.zeros_(made.bias)  # type: ignore[arg-type]
    with torch.no_grad():
        made.weight.mul_(gain)
    return made


def shape_of(parameters: Mapping[str, Tensor]) -> AnyStyleShape:
    """Read widths and depths off the names and sizes of a trained network."""

    def width(name: str) -> int:
        return len(parameters[f"{name}.bias"])

    ends = [name for name in parameters if name.endswith(".first.bias")]
    maps = ("fine", "middle", "coarse")
    blocks = tuple(sum(n.startswith(f"painter.{each}.") for n in ends) for each in maps)
    trunk = tuple(width(f"reader.{name}") for name in ("stem", "trunk2_1", "trunk3_1"))
    downs = [n for n in parameters if n.startswith("reader.conv") and n.endswith("_down.bias")]
    return AnyStyleShape(
        fine=width("reader.fine"),
        middle=width("reader.middle"),
        coarse=width("painter.to_coarse"),
        blocks=blocks,
        encoder=PocketShape(trunk, tuple(len(parameters[name]) for name in sorted(downs))),
    )


def _cells(image: Tensor, side: int) -> Tensor:
    return F.pixel_unshuffle(image, side).contiguous(memory_format=torch.channels_last)
