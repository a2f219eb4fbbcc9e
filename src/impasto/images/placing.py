"""Turning and repeating a picture: what style pictures are put through before they are read."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.images.picture import Picture

Floats = NDArray[np.float32]


def turned(picture: Picture, degrees: float) -> Picture:
    """Return a picture turned counterclockwise, cut to what has no empty corners.

    Args:
        picture: Any.
        degrees: Quarter turns are exact; between them pixels are interpolated (bicubic).
    """
    quarters, rest = divmod(round(degrees % 360, 6), 90)
    pixels = np.rot90(picture.pixels, int(quarters))
    alpha = None if picture.alpha is None else np.rot90(picture.alpha, int(quarters))
    if rest:
        width, height = _inside(pixels.shape[1], pixels.shape[0], math.radians(rest))
        channels = [_turned(pixels[..., c], rest, (width, height)) for c in range(3)]
        pixels = np.stack(channels, axis=-1)
        alpha = None if alpha is None else _turned(alpha, rest, (width, height))
    return replace(
        picture,
        pixels=np.ascontiguousarray(pixels),
        alpha=None if alpha is None else np.ascontiguousarray(alpha),
    )


def repeated(picture: Picture, times: int) -> Picture:
    """Return a picture beside itself so many times across and down, every other one mirrored."""
    pixels = _repeated(picture.pixels, times)
    alpha = None if picture.alpha is None else _repeated(picture.alpha, times)
    return replace(picture, pixels=pixels, alpha=alpha)


def _turned(channel: Floats, degrees: float, size: tuple[int, int]) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(channel))  # mode F: nothing is rounded
    whole = np.asarray(image.rotate(degrees, Image.Resampling.BICUBIC))
    left, top = (whole.shape[1] - size[0]) // 2, (whole.shape[0] - size[1]) // 2
    part: Floats = whole[top : top + size[1], left : left + size[0]].clip(0, 1)
    return part


def _inside(width: int, height: int, angle: float) -> tuple[int, int]:
    """Return the largest rectangle of the same shape, upright in a turned one."""
    sine, cosine = math.sin(angle), math.cos(angle)
    scale = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    return max(1, int(width * scale) - 2), max(1, int(height * scale) - 2)


def _repeated(values: Floats, times: int) -> Floats:
    mirrored = [values if i % 2 == 0 else values[:, ::-1] for i in range(times)]
    row = np.concatenate(mirrored, axis=1)
    whole: Floats = np.concatenate([row if i % 2 == 0 else row[::-1] for i in range(times)], axis=0)
    return whole
