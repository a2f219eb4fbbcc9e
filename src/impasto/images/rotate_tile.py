"""Rotating and tiling style pictures before they are read, and pictures without a seam."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.images.picture import Picture
from impasto.settings import Settings

Floats = NDArray[np.float32]


def rotate_tile(style: Picture, settings: Settings) -> Picture:
    """Return a style picture rotated and tiled as the settings say, no larger than it was."""
    longest, times = max(style.size), settings.style_tiles
    if settings.style_turn % 360:
        style = rotated(style, settings.style_turn)
    return tiled(style.resized(max(1, longest // times)), times) if times > 1 else style


def rotated(picture: Picture, degrees: float) -> Picture:
    """Return a picture rotated counterclockwise, cut to what has no empty corners.

    Quarter turns are exact; between them pixels are interpolated (bicubic).
    """
    quarters, rest = divmod(round(degrees % 360, 6), 90)
    picture = _mapped(picture, lambda plane: np.rot90(plane, int(quarters)))
    if not rest:
        return picture
    width, height = _inside(*picture.size, math.radians(rest))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2

    def rotate(plane: Floats) -> Floats:
        image = Image.fromarray(plane)  # mode F: nothing is rounded
        whole = np.asarray(image.rotate(rest, Image.Resampling.BICUBIC))
        return whole[top : top + height, left : left + width].clip(0, 1)

    return _mapped(picture, rotate)


def tiled(picture: Picture, times: int) -> Picture:
    """Return a picture beside itself so many times across and down, every other one mirrored."""
    down, across = ((0, side * (times - 1)) for side in reversed(picture.size))
    return _mapped(picture, lambda plane: np.pad(plane, (down, across), "symmetric"))


def _mapped(picture: Picture, change: Callable[[Floats], Floats]) -> Picture:
    """Return a picture with the same change made to each of its planes (H, W)."""
    planes = [change(np.ascontiguousarray(picture.pixels[..., c])) for c in range(3)]
    alpha = None if picture.alpha is None else np.ascontiguousarray(change(picture.alpha))
    return replace(picture, pixels=np.stack(planes, axis=-1), alpha=alpha)


def _inside(width: int, height: int, angle: float) -> tuple[int, int]:
    """Return the largest rectangle of the same shape, upright in a rotated one."""
    sine, cosine = math.sin(angle), math.cos(angle)
    scale = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    return max(1, int(width * scale) - 2), max(1, int(height * scale) - 2)


def periodic(pixels: Floats) -> Floats:
    """Return a picture (H, W, C) whose opposite borders meet, as like the given one as can be.

    It is the periodic component of Moisan 2011, "Periodic plus Smooth Image Decomposition": the
    jumps across the borders are taken away with the smoothest picture that has them.
    """
    height, width = pixels.shape[:2]
    jumps = np.zeros(pixels.shape, np.float64)
    rows, columns = pixels[-1] - pixels[0], pixels[:, -1] - pixels[:, 0]
    jumps[0], jumps[-1] = rows, -rows
    jumps[:, 0] += columns
    jumps[:, -1] -= columns
    across = np.cos(2 * np.pi * np.fft.rfftfreq(width))
    down = np.cos(2 * np.pi * np.fft.fftfreq(height))[:, None]
    laplacian = 2 * (down + across) - 4
    laplacian[0, 0] = 1.0  # there is no mean to divide
    spectrum = np.fft.rfft2(jumps, axes=(0, 1)) / laplacian[..., None]
    spectrum[0, 0] = 0
    smooth = np.fft.irfft2(spectrum, s=(height, width), axes=(0, 1))
    return (pixels - smooth).clip(0, 1).astype(np.float32)
