"""The any-style network: reads a picture, gives what it read a style's statistics, and paints it.

The *reader* takes a picture apart into two maps of features, at a quarter and at an eighth of its
resolution; contents and styles go through the same reader. Each map of the content is then given
the mean and covariance of the style's (`transferred`), and the *painter* makes a picture of both.
So what a style is need not be learned by heart: it is in the statistics, of any picture.

Sources: whitening and coloring of features (Li et al. 2017, "Universal Style Transfer via Feature
Transforms"), here in a network that is trained through it; residual blocks (Johnson et al. 2016);
pixel shuffle instead of transposed convolutions (Shi et al. 2016); Newton-Schulz iterations for
roots of matrices (Higham 2008, "Functions of Matrices").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from impasto.errors import WeightsError
from impasto.fast.statistics import CONSTANT, RELATIVE

#: Pixels a side of what the coarsest convolutions see as one.
CELL = 8
#: What is added to variances of colors: as `impasto.images` does.
OF_COLORS = (0.0, 1e-5)
_ITERATIONS = 16
#: Commands of `impasto train` by the architecture of what they write.
WRITTEN_BY = {"painter": "fast", "one style": "style"}


@dataclass(frozen=True)
class PainterShape:
    """Widths and depths.

    Attributes:
        near: Channels at a quarter of the resolution.
        far: Channels at an eighth.
        read_blocks: Residual blocks of the reader, at an eighth.
        far_blocks: Of the painter, at an eighth.
        near_blocks: Of the painter, at a quarter.
    """

    near: int = 32
    far: int = 96
    read_blocks: int = 2
    far_blocks: int = 1
    near_blocks: int = 2


class Features(NamedTuple):
    """What the reader sees in pictures.

    Attributes:
        far: (N, far, H / 8, W / 8).
        near: (N, near, H / 4, W / 4).
    """

    far: Tensor
    near: Tensor


class Statistics(NamedTuple):
    """What is kept of a map of features.

    Attributes:
        mean: (N, C, 1).
        covariance: (N, C, C), a little added to the diagonal.
    """

    mean: Tensor
    covariance: Tensor


class Reader(nn.Module):
    """Picture -> features.

    Args:
        shape: Widths and depths.
    """

    def __init__(self, shape: PainterShape) -> None:
        super().__init__()
        self.stem = convolution(3 * 16, shape.near, 3)
        self.down = convolution(4 * shape.near, shape.far, 3)
        self.far = nn.ModuleList(_block(shape.far) for _ in range(shape.read_blocks))
        self.skip = convolution(shape.near, shape.near, 1)

    def forward(self, image: Tensor) -> Features:
        """Read (N, 3, H, W) in [0, 1], H and W multiples of `CELL`."""
        cells = F.pixel_unshuffle(image - 0.5, 4).contiguous(memory_format=torch.channels_last)
        near = F.relu(self.stem(cells))
        far = F.relu(self.down(F.pixel_unshuffle(near, 2)))
        return Features(_through(self.far, far), self.skip(near))


class Painter(nn.Module):
    """Features -> picture.

    Args:
        shape: Widths and depths.
    """

    def __init__(self, shape: PainterShape) -> None:
        super().__init__()
        self.far = nn.ModuleList(_block(shape.far) for _ in range(shape.far_blocks))
        self.up = convolution(shape.far, 4 * shape.near, 1)
        self.near = nn.ModuleList(_block(shape.near) for _ in range(shape.near_blocks))
        self.head = convolution(shape.near, 3 * 16, 3, gain=0.3)

    def forward(self, features: Features) -> Tensor:
        """Paint (N, 3, H, W), not clamped."""
        far = F.relu(_through(self.far, features.far))
        near = F.pixel_shuffle(self.up(far), 2) + features.near
        near = F.relu(_through(self.near, near))
        return F.pixel_shuffle(self.head(near).float(), 4) + 0.5


class AnyStyle(nn.Module):
    """Reader and painter.

    Args:
        shape: Widths and depths.
        seed: Of the initialization.
    """

    def __init__(self, shape: PainterShape, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.reader = Reader(shape)
            self.painter = Painter(shape)

    def read(self, style: Tensor) -> list[Statistics]:
        """Return what is kept of styles (N, 3, H, W): of their colors, and of each map."""
        maps = [statistics(each) for each in self.reader(style)]
        return [statistics(style, *OF_COLORS), *maps]

    def forward(self, content: Tensor, styles: Sequence[Statistics]) -> Tensor:
        """Paint contents (N, 3, H, W) like N styles."""
        colors, *others = styles
        read = self.reader(transferred(content, colors, *OF_COLORS).clamp(0, 1))
        maps = [transferred(each, style) for each, style in zip(read, others, strict=True)]
        painted: Tensor = self.painter(Features(*maps))
        return painted


def statistics(
    features: Tensor, relative: float = RELATIVE, constant: float = CONSTANT
) -> Statistics:
    """Return mean and covariance of the channels of (N, C, H, W), in float32.

    Args:
        features: Whose.
        relative: Added to each variance, as a part of the mean variance.
        constant: Added to each variance.
    """
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().flatten(2)
        mean = flat.mean(2, keepdim=True)
        covariance = (flat - mean) @ (flat - mean).mT / flat.shape[2]
        variance = covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
        little = relative * variance + constant
        one = torch.eye(flat.shape[1], device=flat.device)
        return Statistics(mean, covariance + little * one)


def transferred(
    features: Tensor, style: Statistics, relative: float = RELATIVE, constant: float = CONSTANT
) -> Tensor:
    """Give (N, C, H, W) the mean and covariance of a style each.

    Whitened by the inverse root of their own covariance, colored by the root of the style's.
    """
    with torch.autocast(features.device.type, enabled=False):
        own = statistics(features, relative, constant)
        _, white = roots(own.covariance)
        color, _ = roots(style.covariance)
        flat = color @ white @ (features.float().flatten(2) - own.mean) + style.mean
    changed = flat.view_as(features).to(features.dtype)
    return changed.contiguous(memory_format=torch.channels_last)


def roots(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return root and inverse root of symmetric positive definite matrices (N, C, C)."""
    norm = torch.linalg.matrix_norm(matrix)[:, None, None]
    one = torch.eye(matrix.shape[1], device=matrix.device).expand_as(matrix)
    root, inverse = matrix / norm, one
    for _ in range(_ITERATIONS):
        step = 1.5 * one - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    return root * norm.sqrt(), inverse * norm.rsqrt()


def _through(blocks: nn.ModuleList, x: Tensor) -> Tensor:
    for block in blocks:
        assert isinstance(block, nn.ModuleList)
        first, second = block
        x = x + second(F.relu(first(x)))
    return x


def convolution(inputs: int, outputs: int, kernel: int, gain: float = 1.0) -> nn.Conv2d:
    """Return a convolution with replicated borders, He-initialized, its kernel times `gain`."""
    made = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="replicate")
    nn.init.kaiming_normal_(made.weight)
    nn.init.zeros_(made.bias)  # type: ignore[arg-type]
    with torch.no_grad():
        made.weight.mul_(gain)
    return made


def _block(width: int) -> nn.ModuleList:
    return nn.ModuleList([convolution(width, width, 3), convolution(width, width, 3, gain=0.3)])


def load_trained(path: Path, *architectures: str) -> tuple[dict[str, Tensor], str]:
    """Read all parameters of a trained network, in float32, and the name of its architecture.

    Args:
        path: The file.
        architectures: Those that will do: `painter`, an any-style network, or `one style`.

    Raises:
        WeightsError: The file does not exist, is damaged or holds something else.
    """
    programs = " or ".join(f"`impasto train {WRITTEN_BY[each]}`" for each in architectures)
    try:
        with safe_open(path, "pt") as file:
            found = (file.metadata() or {}).get("architecture")
            if found not in architectures:
                raise WeightsError(f"{path} is not what {programs} writes")
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            return tensors, found
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read: name what {programs} wrote") from error


def any_style_parameters(path: Path) -> dict[str, Tensor]:
    """Read an any-style network from what its training wrote, or from what was exported.

    Args:
        path: A .safetensors file, or a `painter.onnx` with its `reader.onnx` beside it.

    Raises:
        WeightsError: It is missing, damaged or something else.
    """
    if path.suffix == ".onnx":
        from impasto.training.export import imported

        return imported(path)
    return load_trained(path, "painter")[0]


def shape_of_parameters(parameters: Mapping[str, Tensor]) -> PainterShape:
    """Read widths and depths off the names and sizes of a trained network."""

    def blocks(part: str) -> int:
        return sum(name.startswith(part) and name.endswith(".0.bias") for name in parameters)

    return PainterShape(
        near=len(parameters["reader.stem.bias"]),
        far=len(parameters["reader.down.bias"]),
        read_blocks=blocks("reader.far."),
        far_blocks=blocks("painter.far."),
        near_blocks=blocks("painter.near."),
    )
