"""Sizes: Lanczos resampling of arrays, one channel at a time so that memory stays low."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImageError

_FAINTEST = 1e-4
"""Below this coverage a color is numerically meaningless (and invisible)."""


def fitted_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Scale a size so that its longer side has a given length.

    Args:
        size: Width and height in pixels.
        longest: The longer side wanted, in pixels.

    Returns:
        Width and height, each at least 1.

    Raises:
        ImageError: `longest` is below 1.
    """
    if longest < 1:
        raise ImageError(f"a picture cannot be {longest} pixels long: ask for at least 1")
    scale = longest / max(size)
    width, height = (max(1, int(side * scale + 0.5)) for side in size)
    return width, height


def resize_plane(plane: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resample one channel with an antialiasing Lanczos filter.

    Args:
        plane: (H, W), any real type.
        size: The width and height wanted, in pixels.

    Returns:
        float32 (height, width); may overshoot the range of `plane` a little.
    """
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), dtype=np.float32)


def resize_floats(
    pixels: NDArray[np.float32], alpha: NDArray[np.float32] | None, size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Resample a picture; colors count by their coverage, so hidden ones do not bleed.

    Args:
        pixels: float32 (H, W, 3) in [0, 1].
        alpha: float32 (H, W) in [0, 1], or None.
        size: The width and height wanted, in pixels.

    Returns:
        Pixels and alpha at the new size, in [0, 1]; where nothing is covered, black.
    """
    result = np.empty((size[1], size[0], 3), np.float32)
    if alpha is None:
        for channel in range(3):
            result[..., channel] = resize_plane(pixels[..., channel], size)
        return np.clip(result, 0, 1, out=result), None
    coverage = resize_plane(alpha, size)
    seen = coverage > _FAINTEST
    divisor = np.where(seen, coverage, np.float32(1))
    for channel in range(3):
        weighted = resize_plane(pixels[..., channel] * alpha, size)
        result[..., channel] = np.where(seen, weighted / divisor, np.float32(0))
    return np.clip(result, 0, 1, out=result), np.clip(coverage, 0, 1)


def reduce_samples(
    samples: NDArray[np.uint16], size: tuple[int, int], alpha: bool
) -> NDArray[np.uint16]:
    """Resample 16-bit samples of any color space without ever holding them all as floats.

    Args:
        samples: uint16 (H, W, C).
        size: The width and height wanted, in pixels.
        alpha: Whether the last channel is coverage, by which the others then count.

    Returns:
        uint16 (height, width, C).
    """
    result = np.empty((size[1], size[0], samples.shape[2]), np.uint16)
    colors = samples.shape[2] - int(alpha)
    coverage: Any = np.float32(1)
    divisor: Any = np.float32(1)
    if alpha:
        resized = resize_plane(samples[..., -1], size) / np.float32(65535)
        divisor = np.where(resized > _FAINTEST, resized, np.float32(np.inf))
        coverage = samples[..., -1] * np.float32(1 / 65535)
        result[..., -1] = _rounded(resized * np.float32(65535))
    for channel in range(colors):
        result[..., channel] = _rounded(
            resize_plane(samples[..., channel] * coverage, size) / divisor
        )
    return result


def _rounded(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    rounded: NDArray[np.uint16] = np.clip(values + np.float32(0.5), 0, 65535).astype(np.uint16)
    return rounded
