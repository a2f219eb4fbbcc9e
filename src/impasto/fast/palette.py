"""Colors before painting: the content's, moved to the style's."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.images import ColorStatistics, Picture, color_statistics, color_transform

_SEEN = 1 << 14
"""Pixels that are enough for statistics."""


class Palette(NamedTuple):
    """An affine change of colors: color, as a row, · matrix + offset.

    Attributes:
        matrix: float32 (3, 3).
        offset: float32 (3,).
    """

    matrix: NDArray[np.float32]
    offset: NDArray[np.float32]


UNCHANGED = Palette(np.eye(3, dtype=np.float32), np.zeros(3, np.float32))


def colors_of(picture: Picture) -> ColorStatistics:
    """Return a picture's statistics, from a part of the pixels of a large one."""
    step = _stride(picture.width * picture.height // _SEEN, picture.width)
    pixels = picture.pixels.reshape(1, -1, 3)[:, ::step]
    alpha = None if picture.alpha is None else picture.alpha.reshape(1, -1)[:, ::step]
    return color_statistics(pixels, alpha)


def _stride(least: int, width: int) -> int:
    """Return a prime that no row is a multiple of: stripes and dots are seen as they are."""
    step = max(1, least)
    while step > 1 and (width % step == 0 or any(step % n == 0 for n in range(2, step))):
        step += 1
    return step


def palette(content: ColorStatistics, style: ColorStatistics) -> Palette:
    """Return what gives a content the mean and covariance of a style's colors."""
    matrix, offset = color_transform(content, style)
    return Palette(matrix.T.astype(np.float32), offset.astype(np.float32))


def mixed(palettes: list[Palette], shares: list[float]) -> Palette:
    """Return the weighted mean of palettes; shares sum to 1."""
    matrix, offset = (
        sum(np.float32(share) * part for share, part in zip(shares, parts, strict=True))
        for parts in zip(*palettes, strict=True)
    )
    return Palette(np.asarray(matrix), np.asarray(offset))
