"""The style losses, one frozen row each; the functions are in `impasto.losses.style`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from impasto.settings.declaration import load


class RequiredStatistics(NamedTuple):
    """Which statistics of a layer are needed.

    Those are its Gram matrix, its moments (mean and covariance), and so many samples: positions
    whose features are kept.
    """

    gram: bool = False
    moments: bool = False
    samples: int = 0

    def __or__(self, other: RequiredStatistics) -> RequiredStatistics:
        return RequiredStatistics(
            self.gram or other.gram, self.moments or other.moments, max(self.samples, other.samples)
        )


@dataclass(frozen=True)
class StyleLoss:
    """A style loss and the statistics that it compares."""

    #: The picture's statistics, the style's, a seed -> tensor (), as `"module:name"` or itself.
    function: str | Callable[..., Any]
    needs: RequiredStatistics  # which statistics it compares
    title: str  # for people
    #: Whether a target that is partly the photograph's own makes a picture that is partly painted.
    #: Losses of nearest neighbors do not, since each feature would find itself: for them strength
    #: is the weight, against that of content.
    mixes: bool = True

    @property
    def distance(self) -> Callable[..., Any]:
        """The function."""
        return load(self.function)


_GRAM, _MOMENTS = RequiredStatistics(gram=True), RequiredStatistics(moments=True)
_samples = partial(RequiredStatistics, False, False)
_WHERE = "impasto.losses.style"
#: All style losses by name; `impasto.losses.add_style_loss` adds yours.
STYLE_LOSSES: dict[str, StyleLoss] = {
    "gram": StyleLoss(f"{_WHERE}:gram_distance", _GRAM, "Gram matrices"),
    "moments": StyleLoss(f"{_WHERE}:moments_distance", _MOMENTS, "means and deviations"),
    "w2": StyleLoss(f"{_WHERE}:w2_distance", _MOMENTS, "Wasserstein between Gaussians"),
    "swd": StyleLoss(f"{_WHERE}:swd_distance", _samples(4096), "sliced Wasserstein"),
    "nnfm": StyleLoss(f"{_WHERE}:nnfm_distance", _samples(2048), "nearest neighbors", False),
    "remd": StyleLoss(f"{_WHERE}:remd_distance", _samples(1024), "relaxed earth mover", False),
    "histogram": StyleLoss(f"{_WHERE}:histogram_distance", _samples(4096), "histograms"),
}
