"""The any-style network: a content picture and a style's numbers in, a stylized picture out.

Two parts. The *reader* looks at a style once: statistics of the pocket encoder's trunk, and from
them, by two linear layers, the numbers that steer the painter. The *painter* works at a quarter and
an eighth of the picture's resolution. It adds to the content, whose colors were moved to the
style's before (`matching`): colors need not be learned, and what it has learned least it leaves
alone. Sources: conditional instance normalization (Dumoulin et al. 2017), its numbers predicted
from a style picture (Ghiasi et al. 2017), residual blocks (Johnson et al. 2016), pixel shuffle
instead of transposed convolutions (Shi et al. 2016).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from impasto.errors import WeightsError
from impasto.perception.pocket import Pocket, padded

#: Pixels a side of what the coarsest convolutions see as one.
CELL = 8
#: Layers of the pocket encoder's trunk that the reader looks at.
TAPS = ("relu2_1", "relu3_1", "relu4_1")
EPSILON = 1e-4
"""Added to variances: a flat picture has no contrast to blow up."""


@dataclass(frozen=True)
class PainterShape:
    """Widths and depths.

    Attributes:
        near: Channels at a quarter of the resolution.
        far: Channels at an eighth.
        near_blocks: Residual blocks at a quarter.
        far_blocks: Residual blocks at an eighth.
        hidden: Width between the two linear layers of the reader.
    """

    near: int = 48
    far: int = 128
    near_blocks: int = 2
    far_blocks: int = 4
    hidden: int = 256

    def parts(self, numbers: Tensor) -> Iterator[Tensor]:
        """Yield what of a style's numbers (N, …) belongs to each normalization: (N, 2C)."""
        start = 0
        for width in self.norms:
            yield numbers[:, start : start + 2 * width]
            start += 2 * width

    @property
    def norms(self) -> list[int]:
        """Channels of each normalization, in the order of the picture's way."""
        far = [self.far] * (self.far_blocks + 1)
        return far + [self.near] * (self.near_blocks + 1)


class Painter(nn.Module):
    """Content in the style's colors, and the style's numbers -> stylized picture.

    Args:
        shape: Widths and depths.
    """

    def __init__(self, shape: PainterShape) -> None:
        super().__init__()
        near, far = shape.near, shape.far
        self.shape = shape
        self.stem = _convolution(3 * 16, near, 3)
        self.down = _convolution(4 * near, far, 3)
        self.far = nn.ModuleList(_block(far) for _ in range(shape.far_blocks))
        self.up = _convolution(far, 4 * near, 1)
        self.skip = _convolution(near, near, 1)
        self.near = nn.ModuleList(_block(near) for _ in range(shape.near_blocks))
        self.head = _convolution(near, 3 * 16, 3, gain=0.01)

    def forward(self, matched: Tensor, numbers: Tensor) -> Tensor:
        """Paint.

        Args:
            matched: (N, 3, H, W) content in the style's colors, H and W multiples of `CELL`.
            numbers: (N, 2 · sum of `shape.norms`): a deviation and a mean for each channel of each
                normalization.

        Returns:
            (N, 3, H, W), not clamped.
        """
        return self._through(matched, list(self.shape.parts(numbers)))

    def read(self, style: Tensor) -> Tensor:
        """Return a style's numbers: what it has itself where content is normalized.

        Args:
            style: (N, 3, H, W), H and W multiples of `CELL`.

        Returns:
            (N, 2 · sum of `shape.norms`), in float32.
        """
        seen: list[Tensor] = []
        self._through(style, [], seen)
        return torch.cat(seen, 1)

    def _through(
        self, matched: Tensor, parts: list[Tensor], seen: list[Tensor] | None = None
    ) -> Tensor:
        """Go all the way; with `seen`, note the numbers instead of imposing any."""

        def norm(x: Tensor) -> Tensor:
            if seen is None:
                return modulated(x, parts.pop(0))
            seen.append(moments(x))
            return x

        def block(both: nn.Module, x: Tensor) -> Tensor:
            assert isinstance(both, nn.ModuleList)
            first, second = both
            added: Tensor = second(F.relu(norm(first(x))))
            return x + added

        cells = F.pixel_unshuffle(matched - 0.5, 4).contiguous(memory_format=torch.channels_last)
        near = F.relu(self.stem(cells))
        far = F.relu(self.down(F.pixel_unshuffle(near, 2)))
        for each in self.far:
            far = block(each, far)
        far = F.relu(norm(far))
        near = F.pixel_shuffle(self.up(far), 2) + self.skip(near)
        for each in self.near:
            near = block(each, near)
        near = F.relu(norm(near))
        return matched + F.pixel_shuffle(self.head(near).float(), 4)


def modulated(x: Tensor, numbers: Tensor) -> Tensor:
    """Give each channel of each picture a style's deviation and mean (Huang & Belongie 2017).

    Args:
        x: (N, C, H, W).
        numbers: (N, 2C): deviations, and means.
    """
    x = x.float()
    variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    deviation, wanted = numbers[:, :, None, None].chunk(2, 1)
    return (x - mean) * (variance + EPSILON).rsqrt() * deviation + wanted


def moments(x: Tensor) -> Tensor:
    """Return deviations and means of (N, C, H, W), as `modulated` takes them: (N, 2C)."""
    variance, mean = torch.var_mean(x.float(), (2, 3), correction=0)
    return torch.cat([(variance + EPSILON).sqrt(), mean], 1)


class Reader(nn.Module):
    """Style picture -> the numbers that steer the painter.

    Args:
        pocket: The encoder whose trunk it looks through; not trained.
        shape: Of the painter.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, pocket: Pocket, shape: PainterShape) -> None:
        super().__init__()
        self.pocket, self.shape = pocket, shape
        seen = descriptor(pocket, torch.rand(1, 3, 32, 32)).shape[1]
        self.first = nn.Linear(seen, shape.hidden)
        self.second = nn.Linear(shape.hidden, 2 * sum(shape.norms))
        with torch.no_grad():
            self.second.weight.mul_(0.1)
        self.register_buffer("mean", torch.zeros(seen))
        self.register_buffer("deviation", torch.ones(seen))

    def forward(self, style: Tensor, own: Tensor) -> Tensor:
        """Read (N, 3, H, W) in [0, 1], of which the painter has read `own`; return (N, M)."""
        return self.corrected(descriptor(self.pocket, style), own)

    def corrected(self, seen: Tensor, own: Tensor) -> Tensor:
        """Return a style's numbers (N, M) as the painter will have them.

        Args:
            seen: Descriptors (N, D).
            own: Numbers (N, M), as `Painter.read` finds them.
        """
        hidden = F.relu(self.first((seen - self.mean) / self.deviation))
        changes = self.shape.parts(self.second(hidden))
        corrected = []
        for part, change in zip(self.shape.parts(own), changes, strict=True):
            deviation, mean = part.chunk(2, 1)
            gain, shift = change.chunk(2, 1)
            corrected += [deviation * (1 + gain), mean + deviation * shift]
        return torch.cat(corrected, 1)

    @torch.no_grad()
    def calibrate(self, seen: Tensor) -> None:
        """Fix what descriptors are normalized by, from typical ones (N, D)."""
        deviation, mean = torch.std_mean(seen, 0)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation + 0.05)


@torch.no_grad()
def descriptor(pocket: Pocket, image: Tensor) -> Tensor:
    """Return means and logarithms of deviations of pixels and trunk layers: (N, D).

    Args:
        pocket: The encoder.
        image: (N, 3, H, W) in [0, 1].
    """
    parts = _moments(image)
    x = pocket.cells(image)
    for unit in pocket.units:
        x = pocket.layer(unit.name, x if unit.name == "stem" else padded(x), unit.stride)
        if unit.tap in TAPS:
            parts += _moments(x.float())
        if unit.tap == TAPS[-1]:
            break
    return torch.cat(parts, 1)


def _moments(x: Tensor) -> list[Tensor]:
    deviation, mean = torch.std_mean(x, (2, 3), correction=0)
    return [mean, (deviation + 1e-3).log()]


@torch.no_grad()
def matching(content: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
    """Return what gives each content the mean and covariance of its style's colors.

    As `impasto.images.match_colors`.

    Args:
        content: (N, 3, H, W).
        style: (N, 3, h, w).

    Returns:
        Matrices (N, 3, 3) and offsets (N, 3, 1): color -> matrix · color + offset.
    """
    mean, covariance = _color_statistics(content)
    wanted_mean, wanted_covariance = _color_statistics(style)
    matrix = _power(wanted_covariance, 0.5) @ _power(covariance, -0.5)
    return matrix.float(), (wanted_mean - matrix @ mean).float()


def recolored(content: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """Apply what `matching` returns; (N, 3, H, W) in [0, 1]."""
    return (matrix @ content.flatten(2) + offset).view_as(content).clamp(0, 1)


def _color_statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    flat = x.flatten(2).double()
    mean = flat.mean(2, keepdim=True)
    centered = flat - mean
    little = 1e-5 * torch.eye(3, dtype=flat.dtype, device=x.device)
    return mean, centered @ centered.mT / flat.shape[2] + little


def _power(matrix: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    power: Tensor = (vectors * values.clamp_min(1e-8).pow(exponent)[:, None]) @ vectors.mT
    return power


def _convolution(inputs: int, outputs: int, kernel: int, gain: float = 1.0) -> nn.Conv2d:
    made = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="replicate")
    nn.init.kaiming_normal_(made.weight)
    nn.init.zeros_(made.bias)  # type: ignore[arg-type]
    with torch.no_grad():
        made.weight.mul_(gain)
    return made


def _block(width: int) -> nn.ModuleList:
    return nn.ModuleList([_convolution(width, width, 3), _convolution(width, width, 3, gain=0.3)])


def load_trained(path: Path) -> dict[str, Tensor]:
    """Read all parameters of a painter and its reader, in float32.

    Raises:
        WeightsError: The file does not exist, is damaged or holds something else.
    """
    try:
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("architecture") != "painter":
                raise WeightsError(f"{path} is not what `impasto train fast` writes")
            return {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{path} cannot be read: name what `impasto train fast` wrote"
        ) from error


def shape_of_parameters(parameters: Mapping[str, Tensor]) -> PainterShape:
    """Read widths and depths off the names and sizes of a trained painter."""
    blocks = {
        part: sum(
            name.startswith(f"painter.{part}.") and name.endswith(".0.bias") for name in parameters
        )
        for part in ("near", "far")
    }
    return PainterShape(
        near=len(parameters["painter.stem.bias"]),
        far=len(parameters["painter.down.bias"]),
        near_blocks=blocks["near"],
        far_blocks=blocks["far"],
        hidden=len(parameters["reader.first.bias"]),
    )
