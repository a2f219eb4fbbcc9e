"""Pictures that repeat without a seam."""

import numpy as np
from numpy.typing import NDArray


def periodic(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
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
