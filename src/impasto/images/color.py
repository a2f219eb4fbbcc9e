"""Colors of a stylized picture: the content's own, or a palette borrowed from another picture."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.settings import Settings
from impasto.settings.declaration import load

Floats = NDArray[np.float32]

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # of R, G and B, in the YIQ space of NTSC
_REGULARIZER = 1e-5
"""Added to variances: a deviation of 0.003, so that the rounding of 8 bits is not blown up."""
_ROWS = 1 << 20
_NOISE, _TINT = 24 / 255, 2.5 / 255
"""How far channels of a gray picture may differ: in one pixel, as JPEG leaves it, and on average
over a square."""
_SQUARE = 16


def final_colors(
    painted: Floats, photo: Floats, settings: Settings, gray_styles: Sequence[bool]
) -> Floats:
    """Return a stylized picture in the colors that the settings ask for.

    Where the photo and all styles that count are gray, it is gray too: no method knows that.
    The picture and the photo are float32 (H, W, 3) sRGB in [0, 1]; `gray_styles` says of each
    style whether it `is_gray`, and is empty where the style is unknown.
    """
    if recolor := settings.color_mode.recolor_result:
        painted = load(recolor)(painted, photo, settings.color_amount)
    shares = settings.normalized_style_weights(len(gray_styles)) if gray_styles else []
    grays = [gray for gray, share in zip(gray_styles, shares, strict=True) if share]
    if not grays or not all(grays) or not is_gray(photo):
        return painted
    return np.repeat((painted @ LUMINANCE)[..., None], 3, axis=2)


def is_gray(pixels: Floats) -> bool:
    """Tell whether a picture, float32 (H, W, 3) in [0, 1], has no colors but the noise of JPEG."""
    rows = _SQUARE * max(1, _ROWS // (_SQUARE * pixels.shape[1]))
    for top in range(0, len(pixels), rows):
        block = pixels[top : top + rows]
        for channel in (0, 2):
            apart = block[..., channel] - block[..., 1]
            if np.abs(apart).max() > _NOISE or np.abs(_means(apart)).max() > _TINT:
                return False
    return True


def _means(plane: Floats) -> NDArray[Any]:
    """Return the means of whole squares of a plane (H, W); of all of it, where it is smaller."""
    height, width = (side - side % _SQUARE for side in plane.shape)
    if not height or not width:
        return np.asarray(plane.mean())
    return np.asarray(Image.fromarray(plane[:height, :width].copy()).reduce(_SQUARE))


def keep_colors(stylized: Floats, content: Floats, amount: float = 1.0) -> Floats:
    """Paint with the strokes of one picture in the colors of another.

    The luminance Y of `stylized` is joined with the chroma I and Q of `content`, in the YIQ
    space of NTSC (Gatys et al., "Preserving Color in Neural Artistic Style Transfer", 2016,
    section 3.2). All are float32 (H, W, 3) sRGB in [0, 1], of one shape (else a `ValueError`);
    `amount` 0 leaves the stylized picture's colors.
    """
    if stylized.shape != content.shape:
        raise ValueError(f"the shapes differ: {stylized.shape} and {content.shape}")
    # Taking the content and changing its luminance alone needs no conversion there and back:
    # a step in Y is the same step in R, G and B.
    return _mixed(stylized, content + ((stylized - content) @ LUMINANCE)[..., None], amount)


def match_colors(
    pixels: Floats,
    reference: Floats,
    alpha: Floats | None = None,
    reference_alpha: Floats | None = None,
    amount: float = 1.0,
) -> Floats:
    """Give a picture the mean and the covariance of the colors of another.

    x -> A (x - mean) + reference mean, with A = S_ref^(1/2) S^(-1/2), symmetric square roots
    ("image analogies" color transfer in Gatys et al., "Controlling Perceptual Factors in
    Neural Style Transfer", 2017, section 5). A little is added to the variances, so that gray
    and plain pictures work: departing from the paper, which leaves them undefined.

    Pictures are float32 (H, W, 3) sRGB in [0, 1], the reference of any size. Their alphas (H, W)
    say how much each pixel counts; None: all alike. `amount` 0 leaves this picture's colors.
    """
    mean, covariance = _statistics(pixels, alpha)
    wanted_mean, wanted_covariance = _statistics(reference, reference_alpha)
    matrix = _power(wanted_covariance, 0.5) @ _power(covariance, -0.5)
    offset = wanted_mean - matrix @ mean
    matched = pixels @ matrix.T.astype(np.float32) + offset.astype(np.float32)
    return _mixed(pixels, matched, amount)


def _mixed(pixels: Floats, others: NDArray[Any], amount: float) -> Floats:
    clipped: Floats = np.clip(others, 0, 1).astype(np.float32)
    return clipped if amount == 1 else pixels + np.float32(amount) * (clipped - pixels)


def _statistics(pixels: Floats, alpha: Floats | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return mean (3,) and covariance (3, 3) of a picture's colors, weighted by alpha."""
    flat = pixels.reshape(-1, 3)
    weights = np.ones(len(flat), np.float32) if alpha is None else alpha.reshape(-1)
    total = float(weights.sum(dtype=np.float64))
    if total <= 0:
        weights, total = np.ones_like(weights), float(len(flat))
    first, second = np.zeros(3), np.zeros((3, 3))
    # In blocks, since the sums need float64 and a large picture must not be held in it.
    for start in range(0, len(flat), _ROWS):
        block = flat[start : start + _ROWS].astype(np.float64)
        weighted = block * weights[start : start + _ROWS, None]
        first += weighted.sum(axis=0)
        second += weighted.T @ block
    mean = first / total
    return mean, second / total - np.outer(mean, mean)


def _power(covariance: NDArray[Any], exponent: float) -> NDArray[Any]:
    values, vectors = np.linalg.eigh(covariance)
    powers = (np.maximum(values, 0) + _REGULARIZER) ** exponent
    return cast("NDArray[Any]", (vectors * powers) @ vectors.T)
