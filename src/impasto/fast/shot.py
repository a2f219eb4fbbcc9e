"""State that the frames of a shot share: their statistics, and the grain.

The grain is noise that gives the network structure where a picture is flat. A still picture's grain
depends on the position alone, so that a picture painted twice is the same and a larger picture
begins with the grain of a smaller one. In a video the grain moves along with what the frames show.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from impasto.fast.sessions import Array
from impasto.weights.any_style import CELL, GRAIN_CELL

#: Rate of the moving average of a shot's statistics; and the distance above which it is faster.
PACE, NEAR = 0.05, 0.5
#: Sides of the squares of noise that planes repeat: all different, so they never repeat together.
_SIDES = (499, 503, 509, 521, 523, 541, 547, 557)
#: Rows and columns between the noise that is fresh in one frame and in the next.
_LEAP = np.array([[61], [89]])
#: Displacements of fresh noise stay below this, so that float32 has room for fractions.
_MOST_LEAP = 9973
#: Motion that is trusted less does not move grain.
_TRUSTED = 0.5


class Shot:
    """The statistics of a shot's frames, and the grain that moves along with them.

    Statistics are a slow moving average over the frames, and a fast one only after a large change,
    as when a picture fades in from black. All that the next frame depends on is in `kept`.
    """

    def __init__(self, kept: Mapping[str, NDArray[Any]] | None = None) -> None:
        self.kept: dict[str, NDArray[Any]] = dict(kept or {})

    def followed(self, name: str, mean: Any, covariance: Any) -> tuple[Any, Any]:  # noqa: ANN401
        """Return the averaged mean and covariance (C, C), or variances (C,), for a frame."""
        names = f"mean {name}", f"covariance {name}"
        if names[0] in self.kept:
            mean_kept, kept = (self.kept[each] for each in names)
            now, before = (_spread(each) for each in (covariance, kept))
            shift = float(np.abs(mean - mean_kept).mean() / np.sqrt(min(now, before)))
            pace = min(1.0, PACE + max(0.0, abs(np.log(now / before)) + shift - NEAR))
            mean = (mean_kept + pace * (mean - mean_kept)).astype(mean.dtype)
            covariance = kept + pace * (covariance - kept)
        self.kept |= dict(zip(names, (mean, covariance), strict=True))
        return mean, covariance

    def move(self, flow: Array, trust: Array) -> None:
        """Move the grain along to the next frame; see `moved_displacement`."""
        frame = int(self.kept.get("frame", np.array(0))) + 1
        moved = moved_displacement(self.kept.get("displacement"), flow, trust, frame)
        self.kept |= {"frame": np.array(frame), "displacement": moved}

    def grain(self, height: int, width: int) -> Array:
        """Return the grain of the frame, of this height and width in pixels."""
        displacement = self.kept.get("displacement")
        if displacement is None:
            return still_grain(height, width)
        return _planes(*_sources(displacement))


def _spread(covariance: NDArray[Any]) -> float:
    """Return the mean variance, a little at least."""
    whole = covariance.mean() if covariance.ndim == 1 else covariance.trace() / len(covariance)
    return max(float(whole), 1e-8)


def grain_size(height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of the grain of a picture: in whole cells, two at least."""
    rows, columns = (max(-(-side // CELL), 2) * (CELL // GRAIN_CELL) for side in (height, width))
    return rows, columns


@cache
def _squares() -> list[Array]:
    random = np.random.default_rng(0)
    return [random.standard_normal((side, side), dtype=np.float32) for side in _SIDES]


def still_grain(height: int, width: int) -> Array:
    """Return the grain (1, planes, rows, columns) of a picture."""
    rows, columns = grain_size(height, width)
    return _planes(np.arange(rows)[:, None], np.arange(columns))


def _planes(rows: NDArray[Any], columns: NDArray[Any]) -> Array:
    squares = (square[rows % len(square), columns % len(square)] for square in _squares())
    return np.stack(list(squares))[None]


def moved_displacement(displacement: Array | None, flow: Array, trust: Array, frame: int) -> Array:
    """Return the displacement (2, rows, columns) of the grain, moved along with a frame.

    It is down and to the right, from each place to that whose noise is there. What is less than a
    cell adds up from frame to frame. Noise is fresh where motion cannot be trusted, and where the
    picture grows so that two cells would show the same. Given is the displacement of the frame
    before, None: none yet; for flow and trust see `EarlierFrame`.
    """
    size = grain_size(*trust.shape)
    if displacement is None:
        displacement = np.zeros((2, *size), np.float32)
    motion = np.stack([_by_cells(flow[..., axis], size) for axis in (1, 0)])
    motion /= GRAIN_CELL
    found = _nearest(displacement, motion)
    # Edges between old and fresh noise move by whole cells too, when enough has added up.
    found = _nearest(displacement, motion + (found - _rounded(found)))
    moved = found + motion
    fresh = (_by_cells(trust, size) < _TRUSTED) | _repeated(_sources(moved))
    moved[:, fresh] = frame * _LEAP % _MOST_LEAP
    return moved


def _rounded(displacement: Array) -> Array:
    return cast("Array", np.floor(displacement + np.float32(0.5)))


def _sources(displacement: Array) -> NDArray[np.int32]:
    """Return the row and column of the cell that each displacement leads to."""
    # Their sum is not what is rounded: where all move alike none may be rounded another way.
    return np.indices(displacement.shape[1:], np.int32) + _rounded(displacement).astype(np.int32)


def _by_cells(values: Array, size: tuple[int, int]) -> Array:
    """Return what (H, W) has in the middle of each cell of the grain."""
    rows, columns = (
        np.minimum(middle * GRAIN_CELL + GRAIN_CELL // 2, side - 1)
        for middle, side in zip(np.ogrid[: size[0], : size[1]], values.shape, strict=True)
    )
    return cast("Array", values[rows, columns])


def _nearest(displacement: Array, motion: Array) -> Array:
    """Return the displacements of the cells that a motion leads to."""
    last = np.array(displacement.shape[1:], np.int32)[:, None, None] - 1
    rows, columns = _sources(motion).clip(0, last)
    return displacement[:, rows, columns]


def _repeated(sources: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return where (2, rows, columns) is what the cell above or on the left is."""
    repeated = np.zeros(sources.shape[1:], bool)
    repeated[:, 1:] = (sources[..., 1:] == sources[..., :-1]).all(0)
    repeated[1:] |= (sources[:, 1:] == sources[:, :-1]).all(0)
    return repeated
