"""How a network takes a picture and how it gives one back."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from impasto.fast.sessions import Array, Session

#: Sides of pictures are multiples of this where a network allows it: most halve them thrice.
CELL = 8
_ONE, _NONE, _BYTES = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)


class Convention(NamedTuple):
    """How a network wants its pixels, and how it gives them back.

    With x · scale + offset, for each color, it takes [0, 1]. What it gives is y; then
    (y − result_offset) / result_scale is the picture.
    """

    scale: Sequence[float] = _ONE
    offset: Sequence[float] = _NONE
    result_scale: float = 1.0
    result_offset: float = 0.0

    def given(self, pixels: Array) -> Array:
        """Return (H, W, 3) in [0, 1] as the network takes it."""
        return pixels * np.array(self.scale, np.float32) + np.array(self.offset, np.float32)

    def taken(self, pixels: Array) -> Array:
        """Return what the network gave as (H, W, 3) about in [0, 1]."""
        return (pixels - np.float32(self.result_offset)) / np.float32(self.result_scale)


_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
#: The convention of numbers from 0 to 255.
BYTES = Convention(_BYTES, result_scale=255.0)
#: What networks may take, and may give back.
TAKEN = (
    (_BYTES, _NONE),
    (_ONE, _NONE),
    ((2.0, 2.0, 2.0), (-1.0, -1.0, -1.0)),
    (tuple(1 / _DEVIATION), tuple(-_MEAN / _DEVIATION)),
)
GIVEN = ((255.0, 0.0), (1.0, 0.0), (2.0, -1.0))


class Form(NamedTuple):
    """Shapes of what a network takes and gives.

    Attributes:
        entry: Name of its input.
        layout: Its dimensions: `NCHW`, `NHWC`, `CHW` or `HWC`.
        kind: Type of its numbers, as numpy names it.
        batch: Pictures that it takes at once; all are the same.
        fixed: Height and width, 0 where it takes any.
        cell: Other heights and widths are multiples of this.
        output: Number of the output that is the picture.
        margin: Rows and columns that its result lacks; below 0: has more.
    """

    entry: str
    layout: str
    kind: str = "float32"
    batch: int = 1
    fixed: Sequence[int] = (0, 0)
    cell: int = CELL
    output: int = 0
    margin: int = 0

    def shown(self, height: int, width: int) -> tuple[int, int]:
        """Return height and width that a picture is scaled to before the network sees it."""
        free = [each and each - max(self.margin, 0) for each in self.fixed]
        if all(free):
            return free[0], free[1]
        factor = max(free) / (height if free[0] else width) if any(free) else 1
        return free[0] or max(1, round(height * factor)), free[1] or max(1, round(width * factor))

    def run(self, painter: Session, pixels: Array) -> Array:
        """Return what a network makes of (H, W, 3), of that size unless it enlarges or reduces."""
        more, sides, cell = max(self.margin, 0), pixels.shape[:2], self.cell
        whole = [
            fixed or max(-(-(side + more) // cell), 2) * cell
            for side, fixed in zip(sides, self.fixed, strict=True)
        ]
        edges = [(more // 2, w - s - more // 2) for s, w in zip(sides, whole, strict=True)]
        picture = np.pad(pixels, [*edges, (0, 0)], mode="reflect")
        made = self.picture(self.raw(painter, picture)[self.output])
        skip = max(-self.margin, 0) // 2
        made = made[skip:, skip:]
        extra = max(-self.margin, 0) - skip
        ends = [
            max(1, round((has - extra) * side / (w - more)))
            for has, side, w in zip(made.shape, sides, whole, strict=False)
        ]
        return np.asarray(made[: ends[0], : ends[1]], np.float32)

    def raw(self, painter: Session, pixels: Array) -> list[Any]:
        """Return all outputs for (H, W, 3), which is as large as the network takes it."""
        kind = np.dtype(self.kind)
        picture = pixels.round().clip(np.iinfo(kind).min) if kind.kind in "iu" else pixels
        if self.layout.endswith("CHW"):
            picture = picture.transpose(2, 0, 1)
        if self.layout.startswith("N"):
            picture = np.repeat(picture[None], self.batch, 0)
        return list(painter(**{self.entry: np.ascontiguousarray(picture, kind)}))

    def picture(self, made: Any) -> Array:  # noqa: ANN401
        """Return an output as (H, W, 3), or raise a `ValueError` with its shape."""
        array = np.asarray(made)
        if array.ndim == 4:
            array = array[0]
        if array.ndim == 3 and array.dtype.kind in "fiu" and min(array.shape) > 0:
            planar = self.layout.endswith("CHW")
            for first in (planar, not planar):
                if array.shape[0 if first else 2] == 3:
                    return array.transpose(1, 2, 0) if first else array
        raise ValueError(" x ".join(map(str, np.shape(made))) or "one number")
