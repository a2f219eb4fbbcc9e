"""Masks: how much each place of a picture counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError
from impasto.images.color import LUMINANCE
from impasto.images.opening import open_picture
from impasto.images.picture import Picture
from impasto.images.pixels import fitted_size, resize
from impasto.images.sources import Source

Mask = NDArray[np.float32]
#: How different the shapes of a mask and its picture may be.
_SHAPES = 0.03
#: What rounding may do to a value, which is a step of 16 bits at least; below what nothing shows.
_ROUNDING, _VISIBLE = 2e-6, 0.04
#: Share of what is seen of a picture that is black or white, where it is a mask.
_DRAWN = 0.9


def open_mask(source: Source, size: tuple[int, int]) -> Mask:
    """Return a mask (H, W), float32 in [0, 1], for a picture of the size (width, height).

    It is the lightness of the source (white counts, black does not), or its transparency where it
    has any. Of two values, whatever they are, the larger one counts and the smaller one does not.

    Raises:
        ImageError: It cannot be read, is black, or has another shape than the picture.
    """
    picture = open_picture(source, max_size=max(size))
    name = f"the mask {picture.name}" if picture.name else "the mask"
    fitted = fitted_size(picture.size, max(size))
    apart = max(abs(side - wanted) for side, wanted in zip(fitted, size, strict=True))
    if apart > max(1, _SHAPES * min(size)):
        raise ImageError(
            f"{name} has another shape ({picture.width}x{picture.height}) than the content "
            f"({size[0]}x{size[1]}): draw it on the content"
        )
    values = _values(picture)
    if values.min() > _ROUNDING or values.max() < 1 - _ROUNDING:
        # Perhaps two other values: that is seen before they are mixed by scaling.
        values = _two_levels(_values(open_picture(source)))
    if values.max() < _VISIBLE:
        raise ImageError(
            f"{name} is black everywhere, so it does nothing: make it white where it counts "
            "(255 of 8 bits, 65535 of 16)"
        )
    return sized(values, size)


def _values(picture: Picture) -> Mask:
    values = (picture.pixels @ LUMINANCE).astype(np.float32)
    if picture.alpha is None or np.ptp(picture.alpha) <= _ROUNDING:
        return values
    # A cut-out: a photograph, or one color as drawing programs leave it; not what is itself a mask.
    seen = values[picture.alpha > 0]
    drawn = np.ptp(seen) > 0.5 and np.mean(np.abs(seen - 0.5) > 0.4) > _DRAWN
    mask: Mask = picture.alpha * values if drawn else picture.alpha
    return mask


def _two_levels(values: Mask) -> Mask:
    """Return 0 and 1 for two values, and any others as they are."""
    low, high = values.min(), values.max()
    upper = high - values < _ROUNDING
    if high - low < _ROUNDING or not np.all(upper | (values - low < _ROUNDING)):
        return values
    levels: Mask = upper.astype(np.float32)
    return levels


def sized(mask: Mask, size: tuple[int, int]) -> Mask:
    """Return a mask at (width, height)."""
    if mask.shape == (size[1], size[0]):
        return mask
    resized: Mask = resize(mask[..., None], None, size)[0][..., 0]
    return resized
