"""An encoder of your own: random filters that were never trained; they see textures, not things.

Usage: python examples/own_encoder.py [PHOTO STYLE OUTPUT]
"""

import sys
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import impasto
from impasto.perception import add_encoder


class RandomFilters(nn.Module):
    """32 filters of 7x7 pixels at each resolution; `relu3_1` is at a quarter."""

    reach = 32  # pixels that a position of the deepest layer sees around it

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(3, 32, 7, padding=3, padding_mode="replicate")

    def forward(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return features of the named layers: (N, 32, H >> p, W >> p)."""
        small = {name: F.avg_pool2d(image - 0.5, 1 << int(name[4]) - 1) for name in layers}
        return {name: F.relu(self.filters(each)) for name, each in small.items()}


if __name__ == "__main__":
    photo, style, output = sys.argv[1:] or ("photo.jpg", "mosaic", "out.png")
    torch.manual_seed(0)
    add_encoder("random", RandomFilters())
    style_layers = ("relu1_1", "relu2_1", "relu3_1")
    settings = impasto.Settings(encoder="random", style_layers=style_layers, size=256)
    settings = settings.updated(content_layers="relu2_1")
    print(impasto.stylize(photo, style, settings).save(output))
