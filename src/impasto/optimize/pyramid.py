"""Coarse to fine: the sizes of the octaves, and carrying a picture from one to the next."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import ImageError, SettingsError
from impasto.images import LEAST_PICTURE, Picture, fitted_size, sized
from impasto.images.masks import Mask
from impasto.networks import canonical, deepest, pools_before


def layer_weights(names: Sequence[str], given: Sequence[float] | None) -> dict[str, float]:
    """Return each layer's weight by canonical name; where none are given, 1/L each, as in Gatys."""
    weights = given or [1 / len(names)] * len(names)
    layers = {canonical(name): weight for name, weight in zip(names, weights, strict=True)}
    if len(layers) < len(names):
        raise SettingsError(f"a layer is named twice in {', '.join(names)}: name each one once")
    return layers


def least_side(layers: Iterable[str]) -> int:
    """Return the shorter side below which the deepest layer has no position at all."""
    return max(LEAST_PICTURE, 1 << pools_before(deepest(layers)))


def octave_sizes(
    size: tuple[int, int], longest: int, coarsest: int, shortest_side: int
) -> list[tuple[int, int]]:
    """Return the (width, height) of each octave, coarse to fine, each twice the one before.

    The last one has the shape of a content of any `size` and this longest side. No other is smaller
    than `coarsest`, and none has a shorter side than `shortest_side`, see `least_side`.
    """
    last = fitted_size(size, longest)
    if min(last) < shortest_side:
        raise ImageError(
            f"the content would be painted at {last[0]}x{last[1]} pixels, which is too narrow: "
            f"crop it, or choose a larger size"
        )
    octaves = [last]
    while longest / 2 >= coarsest:
        longest = round(longest / 2)
        octave = fitted_size(size, longest)
        if min(octave) < shortest_side:
            break
        octaves.append(octave)
    return octaves[::-1]


def style_size(size: tuple[int, int], longest: float, shortest_side: int) -> tuple[int, int]:
    """Return (width, height) of a style picture at an octave; larger if it would be too narrow."""
    return fitted_size(size, math.ceil(max(longest, shortest_side * max(size) / min(size))))


def to_tensor(picture: Picture, size: tuple[int, int], device: torch.device) -> Tensor:
    """Return (1, 3, H, W) in [0, 1] of the picture resized; it may share the picture's memory."""
    pixels = np.require(picture.resized(size).pixels, requirements=["C", "W"])
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].to(device)


def alpha_tensor(picture: Picture, size: tuple[int, int], device: torch.device) -> Tensor | None:
    """Return (1, 1, H, W) of its alpha (1 is opaque), or None where it is opaque."""
    alpha = None if picture.alpha is None else picture.resized(size).alpha
    if alpha is None or alpha.min() >= 1:
        return None
    return torch.from_numpy(alpha.copy())[None, None].to(device)


def mask_tensor(mask: Mask | None, size: tuple[int, int], device: torch.device) -> Tensor | None:
    """Return a mask as (1, 1, H, W) at (width, height); None: everywhere."""
    if mask is None:
        return None
    return torch.from_numpy(np.ascontiguousarray(sized(mask, size)))[None, None].to(device)


def enlarge(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (1, 3, H, W) resized bicubically to (width, height), within [0, 1]."""
    if image.shape[2:] == (size[1], size[0]):
        return image
    larger = F.interpolate(image, (size[1], size[0]), mode="bicubic", align_corners=False)
    return larger.clamp_(0, 1)
