"""Arrays of pixels: between integers and floats, at other sizes, and where they are transparent."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImageError

Planes = list[NDArray[np.float32]]
_SLACK = 1e-6  # how far a float may leave [0, 1] by rounding before it is a mistake
_FAINTEST = 1e-4  # below this coverage a color is numerically meaningless (and invisible)


def to_floats(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Scale uint8 or uint16 samples, any shape, to float32 of the same shape in [0, 1]."""
    top = np.float32(np.iinfo(samples.dtype).max)
    floats: NDArray[np.float32] = np.divide(samples, top, dtype=np.float32)
    return floats


def quantize(values: NDArray[np.float32], bits: int) -> NDArray[Any]:
    """Round float32 in [0, 1], any shape, to uint8 or uint16 by `bits`, halves up.

    It gives back exactly what `to_floats` got, if that was of the same depth.
    """
    scaled = values * np.float32((1 << bits) - 1)
    scaled += np.float32(0.5)
    return scaled.astype(np.uint8 if bits == 8 else np.uint16)


def unit_floats(values: NDArray[Any], label: str) -> NDArray[np.float32]:
    """Return floats as contiguous float32, or raise an `ImageError` that some leave [0, 1]."""
    low, high = float(values.min()), float(values.max())
    # Written so that NaN, which compares false with everything, fails too.
    if not (low >= -_SLACK and high <= 1 + _SLACK):
        raise ImageError(
            f"{label} has values from {low:g} to {high:g}: floats must lie in [0, 1], without NaN"
        )
    floats = np.ascontiguousarray(values, dtype=np.float32)
    return floats if low >= 0 and high <= 1 else np.clip(floats, 0, 1)


def fitted_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Scale (width, height) so that the longer side has a length of pixels, 1 or more."""
    if longest < 1:
        raise ImageError(f"a picture cannot be {longest} pixels long: ask for at least 1")
    scale = longest / max(size)
    width, height = (max(1, int(side * scale + 0.5)) for side in size)
    return width, height


def resize(
    colors: NDArray[Any], alpha: NDArray[Any] | None, size: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Resample colors (H, W, C) and alpha (H, W) to (width, height) with antialiasing Lanczos.

    Both are float32 in [0, 1], or integers over their full range, one channel at a time as floats
    so that memory stays low. Colors count by their coverage, so hidden ones do not bleed; where
    nothing is covered, they become black.
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


def inpaint_alpha(pixels: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay a picture over a smooth continuation of its own visible colors.

    Push-pull (Gortler et al., "The Lumigraph", 1996, section 3.4.2): colors weighted by alpha
    are averaged down a pyramid to one pixel; on the way up, what a level does not cover is
    taken from the coarser one. Hidden colors have weight zero, so they leave no trace.
    Pixels (H, W, 3) and alpha (H, W) lie in [0, 1]; if nothing is visible, all is mid gray.
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
