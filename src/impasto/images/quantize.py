"""Between integer samples of 8 or 16 bits and floats in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError

_SLACK = 1e-6
"""How far a float may leave [0, 1] by rounding before it is a mistake."""


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
    """Check that floats, any shape but empty, lie in [0, 1]; return them as contiguous float32.

    Raises:
        ImageError: A value is NaN or outside the range; `label` is what the message calls them.
    """
    low, high = float(values.min()), float(values.max())
    # Written so that NaN, which compares false with everything, fails too.
    if not (low >= -_SLACK and high <= 1 + _SLACK):
        raise ImageError(
            f"{label} has values from {low:g} to {high:g}: floats must lie in [0, 1], without NaN"
        )
    floats = np.ascontiguousarray(values, dtype=np.float32)
    return floats if low >= 0 and high <= 1 else np.clip(floats, 0, 1)
