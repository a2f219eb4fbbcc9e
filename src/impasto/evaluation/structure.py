"""What a picture keeps of the photograph's structure, seen without any network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import ImageError

#: Of ITU-R BT.601.
LUMA = (0.299, 0.587, 0.114)
_WINDOW, _SIGMA = 11, 1.5
_BRIGHTNESS, _CONTRAST = 0.01**2, 0.03**2


def luma(image: Tensor) -> Tensor:
    """Return the brightness (N, 1, H, W) of sRGB pictures (N, 3, H, W), of 1."""
    weights = image.new_tensor(LUMA).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def ssim(first: Tensor, second: Tensor) -> float:
    """Return the mean structural similarity of two pictures.

    Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity",
    with its Gaussian window of 11 pixels (deviation 1.5) wherever that lies inside the picture.

    Args:
        first: (1, 1, H, W) in [0, 1].
        second: As large.

    Returns:
        In [-1, 1]; 1 for the picture itself.

    Raises:
        ImageError: They differ in size, or are smaller than the window.
    """
    if first.shape != second.shape or min(first.shape[2:]) < _WINDOW:
        raise ImageError(
            f"pictures as large as each other, {_WINDOW} pixels and more, are compared"
        )
    offsets = torch.arange(_WINDOW, dtype=first.dtype, device=first.device) - _WINDOW // 2
    bell = (-offsets.square() / (2 * _SIGMA**2)).exp()
    bell = bell / bell.sum()

    def smooth(image: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(image, bell.view(1, 1, 1, -1)), bell.view(1, 1, -1, 1))

    mean, other = smooth(first), smooth(second)
    variances = smooth(first * first) - mean**2 + smooth(second * second) - other**2
    covariance = smooth(first * second) - mean * other
    brightness = (2 * mean * other + _BRIGHTNESS) / (mean**2 + other**2 + _BRIGHTNESS)
    return float((brightness * (2 * covariance + _CONTRAST) / (variances + _CONTRAST)).mean())
