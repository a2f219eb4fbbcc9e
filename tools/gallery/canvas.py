"""What drawings are made on: the unit square as arrays, mixed colors, clean edges and a brush."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from impasto.images import Picture

#: Floats; every drawing says what their axes are.
Array = NDArray[Any]


def grid(size: int) -> tuple[Array, Array]:
    """Return x and y of pixel centers in the unit square, float32 (size, size) each."""
    at = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    x, y = np.meshgrid(at, at)
    return x, y


def turned(x: Array, y: Array, angle: float) -> tuple[Array, Array]:
    """Return how far points lie along a direction, an angle in radians, and across it."""
    # Python's floats, unlike NumPy's, leave float32 arrays what they are.
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.asarray(x * cosine + y * sine), np.asarray(y * cosine - x * sine)


def toward(angle: ArrayLike) -> Array:
    """Return the direction of an angle in radians as (..., 2), of length 1."""
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def colors(*codes: str) -> Array:
    """Return (N, 3) sRGB in 0..255 of codes like "f0c040"."""
    return np.array([tuple(bytes.fromhex(code)) for code in codes], np.float32)


def ramp(palette: Array, value: Array) -> Array:
    """Return the palette's colors at values in [0, 1], interpolated, with an axis of 3 more."""
    steps = np.linspace(0, 1, 1024) * (len(palette) - 1)
    table = np.stack([np.interp(steps, range(len(palette)), palette[:, c]) for c in range(3)], -1)
    at = np.clip(value * 1023 + 0.5, 0, 1023).astype(np.intp)
    return np.asarray(table.astype(np.float32)[at])


def smooth(low: float, high: float, value: Array) -> Array:
    """Return 0 below `low`, 1 above `high` and a smooth step between them."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def slope(field: Array) -> Array:
    """Return how much a field of (H, W) changes from one pixel to the next."""
    down, across = np.gradient(field)
    return np.asarray(np.hypot(down, across) + 1e-6)


def crisp(field: Array) -> Array:
    """Return how much of each pixel lies where the field is positive, in [0, 1]."""
    return np.asarray(np.clip(field / slope(field) + 0.5, 0, 1))


def filled(depth: Array) -> Array:
    """Return how much of each pixel is inside, given how deep inside it is, in sides."""
    return np.asarray(np.clip(depth * len(depth) + 0.5, 0, 1))


def outline(field: Array, width: float) -> Array:
    """Return how much of each pixel a line covers that is drawn where the field is zero.

    Args:
        field: (H, W).
        width: Of the line, in sides of the picture.
    """
    return _stroke(np.abs(field), slope(field), width)


def lines(field: Array, width: float) -> Array:
    """Return how much of each pixel lines cover that are drawn at the field's whole numbers.

    Args:
        field: (H, W).
        width: Of the lines, in sides of the picture.
    """
    return _stroke(np.abs(field - np.round(field)), slope(field), width)


def _stroke(distance: Array, unit: Array, width: float) -> Array:
    """Return the cover of a line at distances of which `unit` is one pixel."""
    # The picture is a square, but this may be only some rows of it.
    half = width * distance.shape[1] / 2
    return np.asarray(np.clip(half - distance / unit + 0.5, 0, 1))


def over(below: Array, color: ArrayLike, cover: Array) -> Array:
    """Return pixels (H, W, 3) with a color laid over them, covering by (H, W) in [0, 1]."""
    return np.asarray(below + cover[..., None] * (np.asarray(color, np.float32) - below))


def finish(pixels: Array, name: str) -> Picture:
    """Return (H, W, 3) sRGB in 0..255 as a picture."""
    return Picture(np.clip(pixels / 255, 0, 1).astype(np.float32), name=name)


class Brush:
    """Draws shapes with clean edges, all measures in sides of the picture."""

    def __init__(self, size: int, ground: Array) -> None:
        self._size = size
        self.side = (2 if size > 400 else 4) * size
        self.image = Image.new("RGB", (self.side, self.side), _ink(ground))
        self._draw = ImageDraw.Draw(self.image)

    def line(self, points: ArrayLike, color: Array, width: float) -> None:
        """Draw a line through (N, 2) points."""
        self._draw.line(self._flat(points), _ink(color), self._width(width), joint="curve")

    def lines(self, paths: Array, colors: Array, width: float) -> None:
        """Draw many lines of one width, through (N, points, 2) in (N, 3) colors."""
        inks = np.clip(colors, 0, 255).astype(int).tolist()
        flat = (paths.reshape(len(paths), -1) * self.side).tolist()
        for points, ink in zip(flat, inks, strict=True):
            self._draw.line(points, tuple(ink), self._width(width), joint="curve")

    def polygon(self, points: ArrayLike, color: Array) -> None:
        """Fill the polygon of (N, 2) points."""
        self._draw.polygon(self._flat(points), _ink(color))

    def dot(self, center: Sequence[float] | Array, radius: float, color: Array) -> None:
        """Fill a circle."""
        x, y, r = center[0] * self.side, center[1] * self.side, radius * self.side
        # Pillow counts the last pixel in.
        self._draw.ellipse((x - r, y - r, x + max(r - 1, 0), y + max(r - 1, 0)), _ink(color))

    def pixels(self) -> Array:
        """Return what was drawn, float32 (size, size, 3) in 0..255."""
        small = self.image.resize((self._size, self._size), Image.Resampling.BOX)
        return np.asarray(small, np.float32)

    def _flat(self, points: ArrayLike) -> list[float]:
        flat: list[float] = (np.asarray(points, np.float64) * self.side).ravel().tolist()
        return flat

    def _width(self, width: float) -> int:
        return max(1, round(width * self.side))


def _ink(color: Array) -> tuple[int, int, int]:
    red, green, blue = np.clip(color, 0, 255).astype(int).tolist()
    return red, green, blue
