"""Smooth random fields, the same at every size of the picture."""

import numpy as np
from tools.gallery.canvas import Array

TILE = 512


class Noise:
    """A random field that repeats after one unit, of mean 0 and deviation 1.

    Args:
        random: Where it comes from.
        cells: How many hills and valleys fit into a unit, about.
        falloff: How fast finer detail fades: 2 is rough like rock, 6 smooth like dunes.
    """

    def __init__(self, random: np.random.Generator, cells: float, falloff: float = 3.0) -> None:
        across, down = np.fft.rfftfreq(TILE, 1 / TILE), np.fft.fftfreq(TILE, 1 / TILE)
        frequency = np.hypot(down[:, None], across[None])
        amplitude = (1 + (frequency / cells) ** 2) ** (-falloff / 2)
        # Waves longer than the hills would make one half of the picture unlike the other.
        amplitude *= 1 - np.exp(-((2 * frequency / cells) ** 2))
        spectrum = np.fft.rfft2(random.standard_normal((TILE, TILE))) * amplitude
        field = np.fft.irfft2(spectrum, (TILE, TILE))
        field = ((field - field.mean()) / field.std()).astype(np.float32)
        # One row and one column more: the last texel is followed by the first.
        self._texels = np.pad(field, (0, 1), mode="wrap").ravel()

    def __call__(self, x: Array, y: Array) -> Array:
        """Return the field at points of the plane; their shapes broadcast."""
        column, right = _split(x)
        row, down = _split(y)
        texel = row * (TILE + 1) + column
        above = self._between(texel, right)
        below = self._between(texel + TILE + 1, right)
        return np.asarray(above + down * (below - above))

    def _between(self, texel: Array, right: Array) -> Array:
        left = self._texels.take(texel)
        return np.asarray(left + right * (self._texels.take(texel + 1) - left))


def _split(at: Array) -> tuple[Array, Array]:
    """Return texels as integers and how far the points lie behind them, in [0, 1)."""
    texels = np.asarray(at, np.float32) * np.float32(TILE)
    whole = np.floor(texels)
    return whole.astype(np.int32) % TILE, texels - whole
