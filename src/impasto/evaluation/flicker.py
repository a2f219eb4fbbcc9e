"""How much a stylized clip flickers: what changes that should only have moved.

Source: the warping error of Lai et al. 2018, "Learning Blind Video Temporal Consistency", as a root
mean square, in units of brightness; occlusions, by the cycle check of the flow, are left out.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError
from impasto.flow import Flow, optical_flow, trusted, warped

Pixels = NDArray[np.float32]
Pixels8 = NDArray[np.uint8]
#: How much of a flow must be trusted, of 1.
_TRUSTED = 0.5


class Flicker(NamedTuple):
    """Of one frame."""

    error: float  # root mean square change of what moved, of 1; NaN: nothing can be compared
    original: float  # the same of the original clip: noise, light, and errors of the flow
    heat: Pixels  # (H, W), how much each place changed; 0 where nothing can be compared


def warping_error(
    now: Pixels, before: Pixels, back: Flow, seen: NDArray[np.bool_] | NDArray[np.float32]
) -> tuple[float, Pixels]:
    """Return how much a frame differs from an earlier one that was moved along.

    Of frames (H, W, 3) in [0, 1], the flow (H, W, 2) from now to before, and where both show the
    same thing (H, W), above a half: the root mean square over that (NaN: none), and each place's.
    """
    kept = np.asarray(seen, np.float32) > _TRUSTED
    squares = np.square(now - warped(before, back)).mean(-1)
    heat = np.sqrt(squares) * kept
    return (float(np.sqrt(squares[kept].mean())) if kept.any() else float("nan")), heat


class FlickerMeter:
    """Measures frame after frame, against the frame `lag` before: 8 shows what drifts and swims."""

    def __init__(self, lag: int = 1) -> None:
        self._earlier: deque[tuple[Pixels8, Pixels8]] = deque(maxlen=lag)

    def __call__(self, original: Pixels8, stylized: Pixels8) -> Flicker | None:
        """Return how much a frame (H, W, 3 or 4) flickers; None for the first ones."""
        original, stylized = (np.ascontiguousarray(f[..., :3]) for f in (original, stylized))
        if original.shape != stylized.shape:
            (high, wide), (other_high, other_wide) = original.shape[:2], stylized.shape[:2]
            sizes = f"{wide}x{high} and {other_wide}x{other_high}"
            raise ImageError(f"the clips are not alike: {sizes} pixels; scale one of them")
        found = None
        if len(self._earlier) == self._earlier.maxlen:
            before, painted = self._earlier[0]
            back = optical_flow(original, before)
            seen = trusted(back, optical_flow(before, original))
            scale = np.float32(1 / 255)
            error, heat = warping_error(scale * stylized, scale * painted, back, seen)
            plain, _ = warping_error(scale * original, scale * before, back, seen)
            found = Flicker(error, plain, heat)
        self._earlier.append((original, stylized))
        return found


def mean_errors(found: Sequence[Flicker]) -> tuple[float, float]:
    """Return the mean errors of stylized frames and of their originals; NaN: there are none."""
    known = [(each.error, each.original) for each in found if each.error == each.error]
    errors, originals = np.mean(known, 0) if known else (np.nan, np.nan)
    return float(errors), float(originals)
