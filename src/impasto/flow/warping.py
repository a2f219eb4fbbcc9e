"""Moving pictures along a flow, and blending them with what was painted before."""

import os
from functools import lru_cache
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from impasto.errors import importing

Values = NDArray[np.float32]
Pixel = TypeVar("Pixel", np.float32, np.uint8)
MOST = 0.95  # the most of a frame that comes from the one before, at stability 1
_MOST_GAIN = 1.25  # the most that faint detail is strengthened by, in a frame
#: Side in pixels of the cells whose detail is compared, and of what is detail.
_CELL, _FINE = 12, 1.2


def opencv() -> Any:  # noqa: ANN401
    """Return the module cv2, or raise a `MissingExtraError`."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # its warnings are ours to tell
    with importing("optical flow", "video"):
        import cv2
    return cv2


def warped(picture: NDArray[Pixel], flow: Values, *, cubic: bool = True) -> NDArray[Pixel]:
    """Return what a picture has where a flow leads; beyond its borders it goes on as it ends.

    The picture, (H, W) or (H, W, C), float32 or uint8, is of the frame that the flow (H, W, 2)
    leads to. Cubic interpolation keeps fine detail; else it is linear.
    """
    cv2 = opencv()
    kind = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    places = _places(flow.shape[:2]) + flow
    moved: NDArray[Pixel] = cv2.remap(picture, places, None, kind, borderMode=cv2.BORDER_REPLICATE)
    return moved


@lru_cache(4)
def _places(size: tuple[int, int]) -> Values:
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    return np.stack([columns, rows], -1)


def blend_frames(
    painted: Values, before: Values, flow: NDArray[np.float32], trust: Values, stability: float
) -> Values:
    """Blend a painted frame with the one before it, moved along.

    As Ruder et al. 2018, "Artistic Style Transfer for Videos and Spherical Images", where the flow
    can be trusted. The mean of two pictures of strokes has fainter strokes, so detail gets back,
    place by place, the strength that it has in the new frame. Both are (H, W, 3) in [0, 1]; for
    `before`, flow and trust see `impasto.runs.EarlierFrame`; for stability, `Reference`.
    """
    part = np.float32(MOST * stability)
    if not part > 0:
        return painted
    blended = painted + (part * trust)[..., None] * (warped(before, flow) - painted)
    return _with_detail_of(painted, blended)


def _with_detail_of(painted: Values, blended: Values) -> Values:
    """Return a blended picture whose detail is as strong as the painted one's, place by place."""
    cv2 = opencv()
    height, width = blended.shape[:2]
    smooth = cv2.GaussianBlur(blended, (5, 5), _FINE)
    detail, wanted = blended - smooth, painted - cv2.GaussianBlur(painted, (5, 5), _FINE)
    gain = np.sqrt((_energy(wanted) + 1e-6) / (_energy(detail) + 1e-6)).clip(1, _MOST_GAIN)
    gain = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR)
    strengthened: Values = (smooth + gain[..., None] * detail).clip(0, 1)
    return strengthened


def _energy(detail: Values) -> Values:
    """Return the mean square of detail in cells of a picture."""
    cv2 = opencv()
    height, width = detail.shape[:2]
    size = (max(1, width // _CELL), max(1, height // _CELL))
    luma = cv2.cvtColor(np.square(detail), cv2.COLOR_RGB2GRAY)
    return cast("Values", cv2.resize(luma, size, interpolation=cv2.INTER_AREA))
