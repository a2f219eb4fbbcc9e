"""Clips made from a photograph that moves in a known way: frames, true flow, what is hidden."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.flow import opencv

Values = NDArray[np.float32]


class Moved(NamedTuple):
    """A frame of a clip.

    Attributes:
        frame: (H, W, 3) uint8.
        back: True flow (H, W, 2) from it to the frame before; zeros for the first.
        seen: (H, W) bool: what was seen in the frame before too.
    """

    frame: NDArray[np.uint8]
    back: Values
    seen: NDArray[np.bool_]


def _pan(t: float) -> Values:
    return np.array([[1, 0, 2.3 * t], [0, 1, 0.7 * t]], np.float32)


def _zoom(t: float) -> Values:
    scale = 1.006**-t
    return np.array([[scale, 0, 0], [0, scale, 0]], np.float32)


def _rotation(t: float) -> Values:
    c, s = np.cos(0.006 * t), np.sin(0.006 * t)
    return np.array([[c, -s, 0], [s, c, 0]], np.float32)


#: Frame number -> affine map (2, 3) from places about the middle of a frame to such places of the
#: photograph.
MOTIONS: dict[str, Callable[[float], Values]] = {"pan": _pan, "zoom": _zoom, "rotation": _rotation}


def clip(
    photo: NDArray[np.uint8],
    motion: str,
    count: int = 60,
    size: tuple[int, int] = (360, 640),
    noise: float = 2.0,
) -> Iterator[Moved]:
    """Yield the frames of a clip.

    Args:
        photo: (H, W, 3), larger than the frames.
        motion: Of `MOTIONS`, or `layer`: a part of the photograph slides over a pan.
        count: Frames.
        size: Height and width of them.
        noise: Deviation of the camera's noise, of 255.
    """
    random = np.random.default_rng(0)
    path = MOTIONS.get(motion, _pan)
    layered = motion == "layer"
    before = None
    for number in range(count):
        there = _places(path(number), size, photo.shape[:2])
        frame = _sampled(photo, there)
        layer = _layer(number, size) if layered else np.zeros(size, bool)
        if layered:
            # The layer shows the middle of the photograph and moves by itself.
            left = _layer_left(number)
            local = _places(
                np.array([[1, 0, -left + 150], [0, 1, 30]], np.float32), size, photo.shape[:2]
            )
            frame[layer] = _sampled(photo, local)[layer]
        noisy = frame + random.normal(0, noise, frame.shape)
        back, seen = np.zeros((*size, 2), np.float32), np.zeros(size, bool)
        if before is not None:
            back, seen = _back(path, number, size)
            if layered:
                back[layer] = (_layer_left(number - 1) - _layer_left(number), 0)
                hidden = _landed(before, back) & ~layer
                seen = (seen | layer) & ~hidden
        before = layer
        yield Moved(noisy.clip(0, 255).round().astype(np.uint8), back, seen)


def _layer_left(number: float) -> float:
    return -100 + 3.5 * number


def _layer(number: int, size: tuple[int, int]) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[: size[0], : size[1]]
    middle = _layer_left(number) + 150
    inside: NDArray[np.bool_] = np.hypot(rows - size[0] / 2, columns - middle) < 90
    return inside


def _landed(mask: NDArray[np.bool_], back: Values) -> NDArray[np.bool_]:
    """Return where a flow back leads into a mask."""
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]]
    x = (columns + back[..., 0]).round().astype(int).clip(0, mask.shape[1] - 1)
    y = (rows + back[..., 1]).round().astype(int).clip(0, mask.shape[0] - 1)
    landed: NDArray[np.bool_] = mask[y, x]
    return landed


def _places(matrix: Values, size: tuple[int, int], whole: tuple[int, int]) -> Values:
    """Return for each place of a frame its place in the photograph: (H, W, 2)."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    middle = np.stack([columns - size[1] / 2, rows - size[0] / 2], -1)
    places = middle @ matrix[:, :2].T + matrix[:, 2] + np.array(whole[::-1]) / 2
    return places.astype(np.float32)


def _sampled(photo: NDArray[np.uint8], places: Values) -> Values:
    cv2 = opencv()
    values: Values = cv2.remap(
        photo.astype(np.float32),
        places.astype(np.float32),
        None,
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return values


def _back(
    path: Callable[[float], Values], number: int, size: tuple[int, int]
) -> tuple[Values, NDArray[np.bool_]]:
    """Return the true flow to the frame before, and what of it stays inside."""
    now, before = path(number), path(number - 1)
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    middle = np.stack([columns - size[1] / 2, rows - size[0] / 2], -1)
    photo = middle @ now[:, :2].T + now[:, 2]
    places = (photo - before[:, 2]) @ np.linalg.inv(before[:, :2]).T
    flow = (places - middle).astype(np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    seen = (x >= 0) & (x <= size[1] - 1) & (y >= 0) & (y <= size[0] - 1)
    return flow, seen
