"""What the frames of a shot have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.fast.grain import displaced_grain, moved_displacement, still_grain
from impasto.fast.sessions import Array

#: How fast statistics of a shot follow its frames, a frame; and how far off is near.
PACE, NEAR = 0.05, 0.5


class Shot:
    """The statistics of a shot's frames, and the grain that moves along with them.

    Statistics follow what the frames have slowly, and fast only where that is far off, as when a
    picture fades in from black.

    Attributes:
        kept: All that the next frame depends on, as arrays by name.
    """

    def __init__(self, kept: Mapping[str, NDArray[Any]] | None = None) -> None:
        self.kept: dict[str, NDArray[Any]] = dict(kept or {})

    def followed(self, name: str, mean: Any, covariance: Any) -> tuple[Any, Any]:  # noqa: ANN401
        """Return what to take for a frame's statistics, and remember it.

        Args:
            name: Of what has them.
            mean: The frame's own.
            covariance: Likewise, (C, C), or variances (C,).
        """
        names = f"mean {name}", f"covariance {name}"
        if names[0] in self.kept:
            mean_kept, kept = (self.kept[each] for each in names)
            now, before = (_spread(each) for each in (covariance, kept))
            shift = float(np.abs(mean - mean_kept).mean() / np.sqrt(min(now, before)))
            far = abs(np.log(now / before)) + shift - NEAR
            pace = min(1.0, PACE + max(0.0, far))
            mean = (mean_kept + pace * (mean - mean_kept)).astype(mean.dtype)
            covariance = kept + pace * (covariance - kept)
        self.kept |= dict(zip(names, (mean, covariance), strict=True))
        return mean, covariance

    def move(self, flow: Array, trust: Array) -> None:
        """Move the grain along to the next frame.

        Args:
            flow: (H, W, 2), from that frame to the one before, in pixels.
            trust: (H, W), from 0 to 1: where it can be relied upon.
        """
        frame = int(self.kept.get("frame", np.array(0))) + 1
        moved = moved_displacement(self.kept.get("displacement"), flow, trust, frame)
        self.kept |= {"frame": np.array(frame), "displacement": moved}

    def grain(self, height: int, width: int) -> Array:
        """Return the grain of the frame, which has this height and width in pixels."""
        displacement = self.kept.get("displacement")
        return still_grain(height, width) if displacement is None else displaced_grain(displacement)


def _spread(covariance: NDArray[Any]) -> float:
    """Return the mean variance, a little at least."""
    whole = covariance.mean() if covariance.ndim == 1 else covariance.trace() / len(covariance)
    return max(float(whole), 1e-8)
