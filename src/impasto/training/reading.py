"""The any-style network's first lesson: its reader learns what VGG-19 sees, its painter to copy.

The style loss looks at VGG-19's features, so statistics that are worth transferring are of
those: each map of the reader learns to hold, a linear map away, the principal components of the
layer that has its resolution.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from impasto.networks.any_style import AnyStyle, Features
from impasto.training.crops import Dice, whole_cells
from impasto.training.vgg_loss import FusedVgg

#: The layer whose components each map holds, coarse to fine.
LAYERS = ("relu5_1", "relu4_1", "relu3_1")
_SEEN = 64
"""Pictures whose features the components are of."""


class Components(NamedTuple):
    """Principal components of a layer's features.

    Attributes:
        mean: (C,).
        basis: (C, K): what features less the mean are multiplied by; the mean square of what comes
            out is 1.
    """

    mean: Tensor
    basis: Tensor


@torch.no_grad()
def principal_components(
    vgg: FusedVgg, pictures: Sequence[Tensor], counts: Sequence[int], dice: Dice
) -> list[Components]:
    """Return the first components of `LAYERS`.

    Args:
        vgg: VGG-19.
        pictures: (3, H, W) uint8 each.
        counts: Components of each layer.
        dice: Which pictures.
    """
    sums: list[tuple[Tensor, Tensor]] = [(torch.zeros(()), torch.zeros(()))] * len(LAYERS)
    for _ in range(_SEEN):
        picture = pictures[dice.below(len(pictures))][None].float() / 255
        features = vgg(whole_cells(picture), LAYERS)
        rows = [features[name][0].float().flatten(1) for name in LAYERS]
        found = [(row.mean(1), row @ row.T / row.shape[1]) for row in rows]
        sums = [(a + m, b + s) for (a, b), (m, s) in zip(sums, found, strict=True)]
    return [
        _components(mean / _SEEN, square / _SEEN, count)
        for (mean, square), count in zip(sums, counts, strict=True)
    ]


def _components(mean: Tensor, square: Tensor, count: int) -> Components:
    values, vectors = torch.linalg.eigh(square - mean[:, None] * mean)
    values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count]
    return Components(mean, vectors / values.mean().clamp_min(1e-12).sqrt())


class ReadingLesson(nn.Module):
    """Linear maps from what the reader gives to components of VGG-19's features.

    Args:
        network: Reads and paints; not a part of this.
        vgg: VGG-19.
        pictures: What components are computed from.
        dice: Which of them.
    """

    def __init__(
        self, network: AnyStyle, vgg: FusedVgg, pictures: Sequence[Tensor], dice: Dice
    ) -> None:
        super().__init__()
        shape = network.shape
        widths = (shape.coarse, shape.middle, shape.fine)
        self.network, self.vgg = [network], vgg
        self.components = principal_components(vgg, pictures, widths, dice)
        self.heads = nn.ModuleList(
            nn.Conv2d(width, len(each.basis.T), 1)
            for width, each in zip(widths, self.components, strict=True)
        )
        for parameter in self.heads.parameters():
            nn.init.zeros_(parameter)

    def forward(self, images: Tensor, maps: int) -> dict[str, Tensor]:
        """Return `copy`, the mean absolute error, and `reading`, the relative one of components.

        Args:
            images: (N, 3, H, W), H and W multiples of 16.
            maps: How many maps the painter gets, from the coarsest on; of the rest zeros.
        """
        (network,) = self.network
        features = network.reader(images)
        shown = [f if i < maps else torch.zeros_like(f) for i, f in enumerate(features)]
        copies = network.painter(Features(*shown))
        with torch.no_grad():
            seen = self.vgg(images, LAYERS)
        errors = []
        for name, f, head, each in zip(LAYERS, features, self.heads, self.components, strict=True):
            wanted = (seen[name].float().movedim(1, 3) - each.mean) @ each.basis
            told = head(f.float()).movedim(1, 3)
            spread = (wanted - wanted.mean((0, 1, 2))).square().sum()
            errors.append((told - wanted).square().sum() / (spread + 1e-6))
        return {"copy": (copies - images).abs().mean(), "reading": torch.stack(errors).mean()}
