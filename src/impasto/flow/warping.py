"""Moving pictures along a flow."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.flow.opencv import opencv

Values = NDArray[np.float32]
Pixel = TypeVar("Pixel", np.float32, np.uint8)


def warped(picture: NDArray[Pixel], flow: Values, *, cubic: bool = True) -> NDArray[Pixel]:
    """Return what a picture has where a flow leads; beyond its borders it goes on as it ends.

    Args:
        picture: (H, W) or (H, W, C), float32 or uint8, of the frame the flow leads to.
        flow: (H, W, 2) from another frame to that one.
        cubic: Whether to interpolate bicubically, which keeps fine detail, or linearly.

    Raises:
        MissingExtraError: OpenCV is not installed.
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
