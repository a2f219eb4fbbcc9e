"""Pretraining of the any-style network as an autoencoder whose reader learns what VGG-19 sees.

The style loss compares VGG-19's features, so the statistics that are worth transferring are theirs:
each map of the reader learns to hold, a linear map away, the principal components of the layer that
has its resolution. The painter learns to reconstruct the picture.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from impasto.networks.any_style import AnyStyle, AnyStyleShape, Features
from impasto.training.crops import Rng, whole_cells
from impasto.training.fused_vgg import FusedVgg

#: The layer whose components each map holds, coarse to fine.
LAYERS = ("relu5_1", "relu4_1", "relu3_1")
_PICTURES = 64  # how many pictures the components are computed from


@torch.no_grad()
def _principal_components(
    vgg: FusedVgg, pictures: Sequence[Tensor], counts: Sequence[int], rng: Rng
) -> list[tuple[Tensor, Tensor]]:
    """Return the mean (C,) and the first components (C, K) of the features of each of `LAYERS`.

    Features less the mean, times the components, have a mean square of 1.
    """
    sums: list[tuple[Tensor, Tensor]] = [(torch.zeros(()), torch.zeros(()))] * len(LAYERS)
    for _ in range(_PICTURES):
        picture = pictures[rng.integer(len(pictures))][None].float() / 255
        features = vgg(whole_cells(picture), LAYERS)
        rows = [features[name][0].float().flatten(1) for name in LAYERS]
        found = [(row.mean(1), row @ row.T / row.shape[1]) for row in rows]
        sums = [(a + m, b + s) for (a, b), (m, s) in zip(sums, found, strict=True)]
    components = []
    for (mean, square), count in zip(sums, counts, strict=True):
        mean, square = mean / _PICTURES, square / _PICTURES
        values, vectors = torch.linalg.eigh(square - mean[:, None] * mean)
        values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count]
        components.append((mean, vectors / values.mean().clamp_min(1e-12).sqrt()))
    return components


class AutoencoderLosses(nn.Module):
    """The losses of pretraining, with linear maps from the reader's maps to components of VGG-19's.

    The components are computed from some of the `pictures`, (3, H, W) uint8 each.
    """

    def __init__(
        self, shape: AnyStyleShape, vgg: FusedVgg, pictures: Sequence[Tensor], rng: Rng
    ) -> None:
        super().__init__()
        widths = (shape.coarse, shape.middle, shape.fine)
        self.vgg, self.components = vgg, _principal_components(vgg, pictures, widths, rng)
        self.heads = nn.ModuleList(
            nn.Conv2d(width, basis.shape[1], 1)
            for width, (_, basis) in zip(widths, self.components, strict=True)
        )
        for parameter in self.heads.parameters():
            nn.init.zeros_(parameter)

    def forward(self, network: AnyStyle, images: Tensor, maps: int) -> dict[str, Tensor]:
        """Return `copy`, the mean absolute error, and `reading`, the relative one of components.

        Args:
            network: Reads and paints; not a part of this module.
            images: (N, 3, H, W), H and W multiples of 16.
            maps: How many maps the painter gets, the coarsest first; of the others it gets zeros.
        """
        features = network.reader(images)
        shown = [f if i < maps else torch.zeros_like(f) for i, f in enumerate(features)]
        copies = network.painter(Features(*shown))
        with torch.no_grad():
            seen = self.vgg(images, LAYERS)
        errors = []
        parts = zip(LAYERS, features, self.heads, self.components, strict=True)
        for name, f, head, (mean, basis) in parts:
            target = (seen[name].float().movedim(1, 3) - mean) @ basis
            found = head(f.float()).movedim(1, 3)
            spread = (target - target.mean((0, 1, 2))).square().sum()
            errors.append((found - target).square().sum() / (spread + 1e-6))
        return {"copy": (copies - images).abs().mean(), "reading": torch.stack(errors).mean()}
