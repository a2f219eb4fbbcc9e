"""A style loss of your own: how much each channel varies, beside the usual Gram matrices.

Usage: python examples/own_loss.py [PHOTO STYLE OUTPUT]
"""

import sys

from torch import Tensor

import impasto
from impasto.losses import LayerStatistics, RequiredStatistics, add_style_loss


def spread(found: LayerStatistics, target: LayerStatistics, seed: int) -> Tensor:
    """Return how far the deviations of channels are from the style's, relative."""
    apart = (found.variance - target.variance).abs().sum()
    return apart / target.variance.sum()


if __name__ == "__main__":
    photo, style, output = sys.argv[1:] or ("photo.jpg", "mosaic", "out.png")
    add_style_loss("spread", spread, RequiredStatistics(moments=True), "variances of channels")
    picture = impasto.stylize(photo, style, style_loss="gram+spread", size=256)
    print(picture.save(output))
