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
    """Scale (width, height) in pixels so that the longer side has a given length.

    Raises:
        ImageError: `longest` is below 1.
    """
    if longest < 1:
        raise ImageError(f"a picture cannot be {longest} pixels long: ask for at least 1")
    scale = longest / max(size)
    width, height = (max(1, int(side * scale + 0.5)) for side in size)
    return width, height


def resize(
    colors: NDArray[Any], alpha: NDArray[Any] | None, size: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Resample a picture with an antialiasing Lanczos filter.

    Colors count by their coverage, so hidden ones do not bleed.

    Args:
        colors: (H, W, C) of any color space: float32 in [0, 1], or integers over their full range,
            which are never all held as floats.
        alpha: (H, W) of the same type, or None.
        size: The width and height wanted, in pixels.

    Returns:
        Colors and alpha of the same type at the new size; where nothing is covered, black.
    """
    kind = colors.dtype
    top = np.float32(1 if kind.kind == "f" else np.iinfo(kind).max)

    def stored(plane: NDArray[Any]) -> NDArray[Any]:
        rounded = plane if kind.kind == "f" else plane + np.float32(0.5)
        samples: NDArray[Any] = np.clip(rounded, 0, top).astype(kind)
        return samples

    planes = (colors[..., channel] for channel in range(colors.shape[2]))
    if alpha is None:
        return np.stack([stored(_resampled(plane, size)) for plane in planes], axis=-1), None
    weight = alpha * (1 / top)
    coverage = _resampled(alpha, size) / top
    divisor = np.where(coverage > _FAINTEST, coverage, np.float32(np.inf))
    weighted = (_resampled(plane * weight, size) / divisor for plane in planes)
    return np.stack([stored(plane) for plane in weighted], axis=-1), stored(coverage * top)


def _resampled(plane: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resample one channel (H, W); the result may overshoot its range a little."""
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), dtype=np.float32)
