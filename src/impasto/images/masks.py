"""Masks: how much each place of a picture counts, from a picture, or where faces are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError, MissingExtraError
from impasto.images.color import LUMINANCE
from impasto.images.opening import open_picture
from impasto.images.picture import Picture
from impasto.images.pixels import resize
from impasto.images.sources import Source

Mask = NDArray[np.float32]
#: How different the shapes of a mask and its picture may be.
_SHAPES = 0.03
#: Longest side at which faces are looked for, and the smallest face there, in pixels.
_SEARCHED, _SMALLEST = 640, 40
#: How much of a face is kept, and how much larger than what was found: chin and hair are faces too.
_KEPT, _LARGER = 0.7, 1.35


def open_mask(source: Source, size: tuple[int, int]) -> Mask:
    """Return a mask (H, W), float32 in [0, 1], for a picture of the size (width, height).

    It is the lightness of the source (white counts, black does not), or its transparency where it
    has any.

    Raises:
        ImageError: It cannot be read, or has another shape than the picture.
    """
    picture = open_picture(source, max_size=max(size))
    if abs(picture.width * size[1] / (picture.height * size[0]) - 1) > _SHAPES:
        name = f" {picture.name}" if picture.name else ""
        raise ImageError(
            f"the mask{name} has another shape ({picture.width}x{picture.height}) than the content "
            f"({size[0]}x{size[1]}): draw it on the content"
        )
    values = (picture.pixels @ LUMINANCE).astype(np.float32)
    if picture.alpha is not None and picture.alpha.min() < 1:
        # A cut-out: the same everywhere, or black as drawing programs leave it.
        flat = values[picture.alpha > 0]
        values = picture.alpha * (values if flat.size and np.ptp(flat) > 0.5 else 1)
    return sized(values, size)


def sized(mask: Mask, size: tuple[int, int]) -> Mask:
    """Return a mask at (width, height)."""
    if mask.shape == (size[1], size[0]):
        return mask
    resized: Mask = resize(mask[..., None], None, size)[0][..., 0]
    return resized


def find_faces(picture: Picture) -> Mask:
    """Return where faces are: soft ellipses, (H, W) float32 in [0, 1].

    The cascade comes with scikit-image (local binary patterns; Viola & Jones 2001).

    Raises:
        MissingExtraError: scikit-image is not installed.
    """
    try:
        from skimage.data import lbp_frontal_face_cascade_filename
        from skimage.feature import Cascade
    except ImportError as error:
        raise MissingExtraError("finding faces", "lab") from error
    small = picture.resized(min(_SEARCHED, max(picture.size)))
    gray = np.ascontiguousarray(small.to_array()[..., :3])
    longest = min(small.size)
    found = Cascade(lbp_frontal_face_cascade_filename()).detect_multi_scale(
        img=gray,
        scale_factor=1.15,
        step_ratio=1,
        min_size=(min(_SMALLEST, longest // 3),) * 2,
        max_size=(longest, longest),
    )
    rows, columns = np.mgrid[: small.height, : small.width].astype(np.float32)
    mask = np.zeros((small.height, small.width), np.float32)
    for face in found:
        middle = face["r"] + 0.5 * face["height"], face["c"] + 0.5 * face["width"]
        reach = 0.5 * _LARGER * face["height"], 0.5 * _LARGER * face["width"]
        apart = np.hypot((rows - middle[0]) / reach[0], (columns - middle[1]) / reach[1])
        mask = np.maximum(mask, (_KEPT * (1.3 - apart) / 0.5).clip(0, _KEPT))
    return sized(mask, picture.size)
