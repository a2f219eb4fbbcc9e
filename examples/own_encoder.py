"""An encoder of your own: random filters, never trained (after Ustyuzhaninov et al. 2017).

Usage: python examples/own_encoder.py [PHOTO STYLE OUTPUT]
"""

import sys
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import impasto
from impasto.networks import add_encoder


class RandomFilters(nn.Module):
    """32 filters of 7x7 pixels at each resolution; `relu2_1` is at half of it."""

    reach = 32  # pixels that a position of the deepest layer sees around it

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(3, 32, 7, padding=3, padding_mode="replicate")

    def forward(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return features of the named layers: (N, 32, H >> p, W >> p)."""
        size = {name: 1 << int(name[4]) - 1 for name in layers}
        return {n: F.relu(self.filters(F.avg_pool2d(image - 0.5, size[n]))) for n in layers}


if __name__ == "__main__":
    photo, style, output = sys.argv[1:] or ("photo.jpg", "mosaic", "out.png")
    torch.manual_seed(0)
    add_encoder("random", RandomFilters())
    settings = impasto.Settings(
        encoder="random", size=256, style_layers=("relu1_1", "relu2_1"), content_layers=("relu2_1",)
    )
    print(impasto.stylize(photo, style, settings).save(output))
