"""Colors for the transparent parts of a picture, from the visible parts alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Planes = list[NDArray[np.float32]]


def inpaint_alpha(pixels: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay a picture over a smooth continuation of its own visible colors.

    Push-pull (Gortler et al., "The Lumigraph", 1996, section 3.4.2): colors weighted by alpha
    are averaged down a pyramid to one pixel; on the way up, what a level does not cover is
    taken from the coarser one. Hidden colors have weight zero, so they leave no trace.

    Args:
        pixels: float32 (H, W, 3) in [0, 1]; so is the result, mid gray if nothing is visible.
        alpha: float32 (H, W) in [0, 1].
    """
    if not alpha.any():
        return np.full(pixels.shape, 0.5, np.float32)
    levels = [[*(pixels[..., channel] * alpha for channel in range(3)), alpha]]
    while max(levels[-1][3].shape) > 1:
        levels.append(_push(levels[-1]))
    *colors, weight = levels.pop()
    filled = [color / weight for color in colors]
    while levels:
        filled = _pull(filled, levels.pop())
    whole = np.stack(filled, axis=-1)
    return np.clip(whole, 0, 1, out=whole)


def _push(planes: Planes) -> Planes:
    means = [np.asarray(Image.fromarray(plane).reduce(2), np.float32) for plane in planes]
    # One visible pixel of four is enough to trust their color fully, hence the sum, capped.
    weight = np.minimum(means[3] * np.float32(4), np.float32(1))
    gain = np.divide(weight, means[3], out=np.zeros_like(weight), where=means[3] > 0)
    return [*(color * gain for color in means[:3]), weight]


def _pull(coarse: Planes, planes: Planes) -> Planes:
    *colors, weight = planes
    size = (weight.shape[1], weight.shape[0])
    hidden = np.float32(1) - weight
    return [
        color + hidden * np.asarray(Image.fromarray(below).resize(size, Image.Resampling.BILINEAR))
        for color, below in zip(colors, coarse, strict=True)
    ]
