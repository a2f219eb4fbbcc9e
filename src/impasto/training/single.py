"""A small network that paints in one style, and nothing else.

Sources: residual blocks between two steps down and up (Johnson et al. 2016, "Perceptual Losses");
instance normalization (Ulyanov et al. 2016); pixel shuffle instead of transposed convolutions (Shi
et al. 2016). It begins at a quarter of the resolution: that makes it fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.training.painter import convolution

#: Added to variances.
EPSILON = 1e-4
#: Residual blocks at a quarter.
NEAR_BLOCKS = 2


@dataclass(frozen=True)
class SingleShape:
    """Widths and depths.

    Attributes:
        near: Channels at a quarter of the resolution.
        far: Channels at an eighth.
        blocks: Residual blocks at an eighth.
    """

    near: int = 24
    far: int = 64
    blocks: int = 3


class SingleStyle(nn.Module):
    """Photograph -> painting.

    Args:
        shape: Widths and depths.
        seed: Of the initialization.
    """

    def __init__(self, shape: SingleShape, seed: int = 0) -> None:
        super().__init__()
        near, far = shape.near, shape.far
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.stem = Normalized(3 * 16, near)
            self.down = Normalized(4 * near, far)
            self.far = nn.ModuleList(Block(far) for _ in range(shape.blocks))
            self.up = convolution(far, 4 * near, 1)
            self.near = nn.ModuleList(Block(near) for _ in range(NEAR_BLOCKS))
            self.head = convolution(near, 3 * 16, 3, gain=0.3)
            nn.init.constant_(self.head.bias, 0.5)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        """Paint (N, 3, H, W) in [0, 1], sides multiples of 8; not clamped."""
        cells = F.pixel_unshuffle(image, 4).contiguous(memory_format=torch.channels_last)
        near = F.relu(self.stem(cells))
        far = F.relu(self.down(F.pixel_unshuffle(near, 2)))
        for block in self.far:
            far = block(far)
        near = F.pixel_shuffle(self.up(F.relu(far)), 2) + near
        for block in self.near:
            near = block(near)
        return F.pixel_shuffle(self.head(F.relu(near)).float(), 4)


class Normalized(nn.Module):
    """A convolution of 3 · 3 and instance normalization.

    Args:
        inputs: Channels.
        outputs: Channels.
        gain: Scale of the normalization in the beginning.
    """

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0) -> None:
        super().__init__()
        self.conv = convolution(inputs, outputs, 3)
        self.conv.bias = None  # the normalization would take it away
        self.norm = nn.InstanceNorm2d(outputs, eps=EPSILON, affine=True)
        nn.init.constant_(self.norm.weight, gain)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outputs, H, W)."""
        made = self.conv(x)
        with torch.autocast(x.device.type, enabled=False):
            normal: Tensor = self.norm(made.float())
        return normal


class Block(nn.Module):
    """Two normalized convolutions beside the way straight through.

    Args:
        width: Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Normalized(width, width), Normalized(width, width, 0.3)

    def forward(self, x: Tensor) -> Tensor:
        """Return what is as large."""
        changed: Tensor = x + self.second(F.relu(self.first(x)))
        return changed


def shape_of_single(parameters: Mapping[str, Tensor]) -> SingleShape:
    """Read widths and depths off the names and sizes of a trained network."""
    blocks = sum(
        name.startswith("far.") and name.endswith(".first.conv.weight") for name in parameters
    )
    return SingleShape(
        near=len(parameters["stem.conv.weight"]),
        far=len(parameters["down.conv.weight"]),
        blocks=blocks,
    )
