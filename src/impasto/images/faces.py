"""Where faces are: what a cascade finds at one size, and again at most others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.errors import MissingExtraError
from impasto.images.masks import Mask, sized
from impasto.images.picture import Picture
from impasto.images.pixels import resize

#: Longest side at which faces are looked for, and the smallest face there, in pixels.
_SEARCHED, _SMALLEST = 640, 40
#: Widths in pixels at which a face is looked at again, there and mirrored; how many of these must
#: find it; how much around it is seen (of its width); and how well two findings must overlap.
#: Of real faces at least 23 of the 24 do, of a flag and the like at most 20 (measured).
_AGAIN = (26, 28, 31, 34, 37, 41, 45, 49, 54, 59, 65, 71)
_AGREEING, _AROUND, _OVERLAP = 22, 0.4, 0.5
#: To find the middle of a face, half of the widths and a lesser overlap are enough.
_BEGIN, _NEAR = 6, 0.3
#: How much of a face is kept, and how much larger than what was found: chin and hair are faces too.
_KEPT, _LARGER = 0.7, 1.35


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

    Raises:
        MissingExtraError: scikit-image is not installed.
    """
    longest = max(picture.size)
    size = tuple(max(1, round(side * _SEARCHED / longest)) for side in picture.size)
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
        mask = np.maximum(mask, (_KEPT * (1.3 - apart) / 0.5).clip(0, _KEPT))
    return sized(mask.astype(np.float32), size)


@cache
def _cascade() -> Any:  # noqa: ANN401
    try:
        from skimage.data import lbp_frontal_face_cascade_filename
        from skimage.feature import Cascade
    except ImportError as error:
        raise MissingExtraError("finding faces", "lab") from error
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
    near = _found_again(pixels, box, _NEAR)
    if len(near) < _BEGIN:
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
        whole = [
            Face(b.top / scale + top, b.left / scale + left, b.height / scale, b.width / scale)
            for b in boxes
        ]
        best = max(whole, key=lambda each: _overlap(each, box), default=None)
        again += [best] if best is not None and _overlap(best, box) > overlap else []
    return again


def _overlap(a: Face, b: Face) -> float:
    """Return the common part of two boxes, of what they cover together."""
    down = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    across = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    common = max(0.0, down) * max(0.0, across)
    return common / (a.height * a.width + b.height * b.width - common)
