"""Masks: how much each place of a picture counts, as drawn or where faces are."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError, importing
from impasto.images.color import LUMINANCE
from impasto.images.opening import Source, open_picture
from impasto.images.picture import Picture
from impasto.images.pixels import fitted_size, resize

Mask = NDArray[np.float32]
_SHAPES = 0.03  # how different the shapes of a mask and its picture may be
#: What rounding may do to a value, which is a step of 16 bits at least; below what nothing shows.
_ROUNDING, _VISIBLE = 2e-6, 0.04
_DRAWN = 0.9  # share of what is seen of a picture that is black or white, where it is a mask
#: Longest side at which faces are looked for, and the smallest face there, in pixels.
_SEARCHED, _SMALLEST = 640, 40
#: Widths in pixels at which a face is looked at again, there and mirrored; how many of these must
#: find it; how much around it is seen (of its width); and how well two findings must overlap.
#: Of real faces at least 23 of the 24 do, of a flag and the like at most 20 (measured).
_AGAIN = (26, 28, 31, 34, 37, 41, 45, 49, 54, 59, 65, 71)
_AGREEING, _AROUND, _OVERLAP = 22, 0.4, 0.5
#: To find the middle of a face, half of the widths and a lesser overlap are enough.
_BEGIN, _NEAR = 6, 0.3
#: How much larger a face is than what was found: chin and hair belong to it.
_LARGER = 1.35


def open_mask(source: Source, size: tuple[int, int]) -> Mask:
    """Return a mask (H, W), float32 in [0, 1], for a picture of the size (width, height).

    It is the lightness of the source (white counts, black does not), or its alpha where it
    has any. Of two values, whatever they are, the larger one counts and the smaller one does not.
    One that cannot be read, is black, or has another shape than the picture is an `ImageError`.
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
    return picture.alpha * values if drawn else picture.alpha


def _two_levels(values: Mask) -> Mask:
    """Return 0 and 1 for two values, and any others as they are."""
    low, high = values.min(), values.max()
    upper = high - values < _ROUNDING
    if high - low < _ROUNDING or not np.all(upper | (values - low < _ROUNDING)):
        return values
    return np.asarray(upper, np.float32)


def sized(mask: Mask, size: tuple[int, int]) -> Mask:
    """Return a mask at (width, height)."""
    if mask.shape == (size[1], size[0]):
        return mask
    return resize(mask[..., None], None, size)[0][..., 0]


def blurred(mask: Mask, reach: int) -> Mask:
    """Return a mask's means over squares that reach so many pixels to each side."""
    width = 2 * reach + 1
    for _ in range(2):  # columns, then rows
        padded = np.pad(mask, [(reach, reach), (0, 0)], mode="edge")
        sums: Any = sum(padded[first : first + len(mask)] for first in range(width))
        mask = (sums / np.float32(width)).T
    return mask


class Face(NamedTuple):
    """A face, as parts of the picture's height (top, height) and width (left, width)."""

    top: float
    left: float
    height: float
    width: float


def find_faces(picture: Picture) -> list[Face]:
    """Return the faces that look at the viewer, of 1/16 of the longest side or more.

    The cascade comes with scikit-image (local binary patterns; Viola & Jones 2001). What it takes
    for a face by mistake, it finds at some sizes only: so each face is looked at again at others.
    """
    size = tuple(max(1, round(side * _SEARCHED / max(picture.size))) for side in picture.size)
    pixels = resize(picture.filled().pixels, None, (size[0], size[1]))[0]
    found = [face for box in _detected(pixels, _SMALLEST) if (face := _confirmed(pixels, box))]
    height, width = pixels.shape[:2]
    return [Face(t / height, x / width, h / height, w / width) for t, x, h, w in found]


def face_mask(faces: Sequence[Face], size: tuple[int, int]) -> Mask:
    """Return faces as soft ellipses, (H, W) float32 in [0, 1], at the size (width, height)."""
    width, height = (max(1, round(side * min(1, _SEARCHED / max(size)))) for side in size)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    mask = np.zeros((height, width), np.float32)
    for face in faces:
        down = (rows + 0.5) / height - face.top - 0.5 * face.height
        across = (columns + 0.5) / width - face.left - 0.5 * face.width
        reach = 0.5 * _LARGER
        apart = np.hypot(down / (reach * face.height), across / (reach * face.width))
        mask = np.maximum(mask, ((1.3 - apart) / 0.5).clip(0, 1))
    return sized(mask.astype(np.float32), size)


@cache
def _cascade() -> Any:  # noqa: ANN401
    with importing("finding faces", "lab"):
        from skimage.data import lbp_frontal_face_cascade_filename
        from skimage.feature import Cascade
    return Cascade(lbp_frontal_face_cascade_filename())


def _detected(pixels: NDArray[np.float32], least: int) -> list[Face]:
    """Return what the cascade finds, as (top, left, height, width) in pixels."""
    shorter = min(pixels.shape[:2])
    found = _cascade().detect_multi_scale(
        img=np.ascontiguousarray((pixels * 255 + 0.5).astype(np.uint8)),
        scale_factor=1.15,
        step_ratio=1,
        min_size=(min(least, shorter),) * 2,
        max_size=(shorter, shorter),
    )
    return [Face(each["r"], each["c"], each["height"], each["width"]) for each in found]


def _confirmed(pixels: NDArray[np.float32], box: Face) -> Face | None:
    """Return a face, centered, if it is found at nearly all sizes and mirrored, too."""
    if len(near := _found_again(pixels, box, _NEAR)) < _BEGIN:
        return None
    face = Face(*np.median(near, axis=0))
    mirrored = face._replace(left=pixels.shape[1] - face.left - face.width)
    found = _found_again(pixels, face, _OVERLAP)
    votes = len(found) + len(_found_again(pixels[:, ::-1], mirrored, _OVERLAP))
    return face if votes >= _AGREEING else None


def _found_again(pixels: NDArray[np.float32], box: Face, overlap: float) -> list[Face]:
    """Return what the cascade finds in place of a face, one for each size that finds any."""
    margin = round(_AROUND * box.width)
    top, left = max(0, int(box.top) - margin), max(0, int(box.left) - margin)
    bottom, right = (int(box.top + box.height) + margin, int(box.left + box.width) + margin)
    part = np.ascontiguousarray(pixels[top:bottom, left:right])
    again = []
    for width in _AGAIN:
        scale = width / box.width
        size = (round(part.shape[1] * scale), round(part.shape[0] * scale))
        boxes = _detected(resize(part, None, size)[0], min(_AGAIN) - 2)
        whole = [Face(*np.add(np.divide(each, scale), (top, left, 0, 0))) for each in boxes]
        best = max(whole, key=lambda each: _overlap(each, box), default=None)
        again += [best] if best is not None and _overlap(best, box) > overlap else []
    return again


def _overlap(a: Face, b: Face) -> float:
    down = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    across = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    common = max(0.0, down) * max(0.0, across)
    return common / (a.height * a.width + b.height * b.width - common)
