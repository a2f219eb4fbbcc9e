"""The any-style network: a reader, statistics of a style, and a painter.

The *reader* encodes a picture as three maps of features, at 1/4, 1/8 and 1/16 of its resolution;
contents and styles go through the same reader. Each map of the content is given the mean and
covariance of the style's map, and the *painter* decodes all three. So the weights hold no style:
the statistics of any picture are one.

Between whitening and coloring a little noise is added, the *grain*: a convolution can only paint a
flat sky flat, or with a pattern of its own cells; strokes need something to start from there.

Sources: whitening and coloring (Li et al. 2017; here the network is trained through it), residual
blocks (Johnson et al. 2016), pixel shuffle (Shi et al. 2016), noise (Karras et al. 2019, StyleGAN).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks.whitening import OF_COLORS, Coloring, coloring, transferred
from impasto.weights.any_style import FADES_BELOW, GRAIN_CELL, PLANES


@dataclass(frozen=True)
class AnyStyleShape:
    """Widths and depths of the network; triples are of the fine, middle and coarse map."""

    fine: int = 48  # channels at 1/4 of the resolution
    middle: int = 96  # at 1/8
    coarse: int = 128  # at 1/16
    reader_blocks: tuple[int, ...] = (1, 2, 1)  # residual blocks
    painter_blocks: tuple[int, ...] = (2, 2, 2)


class Features(NamedTuple):
    """The maps of the reader, (N, C, H / s, W / s) with an s of 16, 8 and 4."""

    coarse: Tensor
    middle: Tensor
    fine: Tensor


#: A style for the network: the statistics of its colors, and of its coarse, middle and fine map.
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


class Reader(nn.Module):
    """Encoder: picture -> features."""

    def __init__(self, shape: AnyStyleShape) -> None:
        super().__init__()
        fine, middle, coarse = shape.reader_blocks
        self.stem = convolution(3 * GRAIN_CELL**2, shape.fine, 3)
        self.fine = _blocks(shape.fine, fine)
        self.to_middle = convolution(4 * shape.fine, shape.middle, 3)
        self.middle = _blocks(shape.middle, middle)
        self.to_coarse = convolution(4 * shape.middle, shape.coarse, 3)
        self.coarse = _blocks(shape.coarse, coarse)
        self.fine_skip = convolution(shape.fine, shape.fine, 1)
        self.middle_skip = convolution(shape.middle, shape.middle, 1)

    def forward(self, image: Tensor) -> Features:
        """Read (N, 3, H, W) in [0, 1], H and W multiples of `CELL`."""
        fine = self.fine(F.relu(self.stem(_cells(image - 0.5, GRAIN_CELL))))
        middle = self.middle(F.relu(self.to_middle(_cells(F.relu(fine), 2))))
        coarse = self.coarse(F.relu(self.to_coarse(_cells(F.relu(middle), 2))))
        return Features(coarse, self.middle_skip(middle), self.fine_skip(fine))


class Painter(nn.Module):
    """Decoder: features -> picture."""

    def __init__(self, shape: AnyStyleShape) -> None:
        super().__init__()
        fine, middle, coarse = shape.painter_blocks
        self.coarse = _blocks(shape.coarse, coarse)
        self.to_middle = convolution(shape.coarse, 4 * shape.middle, 1)
        self.middle = _blocks(shape.middle, middle)
        self.to_fine = convolution(shape.middle, 4 * shape.fine, 1)
        self.fine = _blocks(shape.fine, fine)
        self.head = convolution(shape.fine, 3 * GRAIN_CELL**2, 3, gain=0.3)

    def forward(self, features: Features) -> Tensor:
        """Paint (N, 3, H, W), not clamped."""
        coarse = F.relu(self.coarse(features.coarse))
        middle = F.pixel_shuffle(self.to_middle(coarse), 2) + features.middle
        middle = F.relu(self.middle(middle))
        fine = F.pixel_shuffle(self.to_fine(middle), 2) + features.fine
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
                for width in (shape.coarse, shape.middle, shape.fine)
            )

    def encode(self, style: Tensor) -> list[Coloring]:
        """Return the statistics of styles (N, 3, H, W) in [0, 1], sides multiples of `CELL`."""
        return [coloring(style, *OF_COLORS), *map(coloring, self.reader(style))]

    def forward(
        self, content: Tensor, style: StyleCode, grain: Tensor, strength: float = 1
    ) -> Tensor:
        """Stylize contents in N styles, from `encode`; return (N, 3, H, W), not clamped.

        Contents are (N, 3, H, W) in [0, 1], sides multiples of `CELL`; the grain is standard normal
        noise (N or 1, `PLANES`, H / 4, W / 4); strength is from 0, the content itself, to 1.
        """
        colors, *others = style
        recolored = transferred(content, colors, *OF_COLORS, strength=strength).clamp(0, 1)
        planes = [F.avg_pool2d(grain, 4) * 4, F.avg_pool2d(grain, 2) * 2, grain]
        maps = [
            transferred(each, wanted, grain=(mixing, noise), strength=strength)
            for each, wanted, mixing, noise in zip(
                self.reader(recolored), others, self.grain, planes, strict=True
            )
        ]
        painted: Tensor = self.painter(Features(*maps))
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

    def blocks(part: str) -> tuple[int, ...]:
        ends = [name for name in parameters if name.endswith(".first.bias")]
        maps = ("fine", "middle", "coarse")
        return tuple(sum(name.startswith(f"{part}.{each}.") for name in ends) for each in maps)

    return AnyStyleShape(
        fine=len(parameters["reader.stem.bias"]),
        middle=len(parameters["reader.to_middle.bias"]),
        coarse=len(parameters["reader.to_coarse.bias"]),
        reader_blocks=blocks("reader"),
        painter_blocks=blocks("painter"),
    )


def _cells(image: Tensor, side: int) -> Tensor:
    return F.pixel_unshuffle(image, side).contiguous(memory_format=torch.channels_last)
