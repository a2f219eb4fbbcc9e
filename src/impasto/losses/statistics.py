"""Statistics of a layer that style losses compare: sums over positions, and sampled features.

They add up: the statistics of the parts of a picture sum to those of the whole, so they are exact
however a large picture is cut into tiles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import torch
from torch import Tensor

from impasto.errors import SettingsError
from impasto.losses.gatys import gram_matrix
from impasto.settings.losses import RequiredStatistics

#: The least eigenvalue of a covariance, in parts of the mean: so flat layers have a root, too.
_LEAST = 1e-5


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """The statistics of one layer of a picture, or of a region of it."""

    gram: Tensor | None = None  # (1, C, C), F Fᵀ / M, or None
    mean_offset: Tensor | None = None  # (C,), the mean of the features less `center`, or None
    second_moment: Tensor | None = None  # (C, C), the mean product of the same, or None
    samples: Tensor | None = None  # (P, C), features at some positions, or None
    #: (C,), near the mean, so that little is lost in bfloat16; or None: zero.
    center: Tensor | None = None

    def parts(self) -> dict[str, Tensor]:
        """Return the statistics that add up, by name."""
        names = ("gram", "mean_offset", "second_moment", "samples")
        return {name: part for name in names if (part := getattr(self, name)) is not None}

    def required(self, name: str) -> Tensor:
        """Return a statistic that a loss compares; one not in its `needs` is a `SettingsError`."""
        part: Tensor | None = getattr(self, name)
        if part is None:
            raise SettingsError(f"a style loss compares {name}, which its needs leave out")
        return part

    def __add__(self, other: LayerStatistics) -> LayerStatistics:
        """Return the statistics of two parts of a picture together."""
        its = other.parts()
        return replace(self, **{name: value + its[name] for name, value in self.parts().items()})

    def recentered(self, center: Tensor | None) -> LayerStatistics:
        """Return the same statistics relative to another center."""
        if self.mean_offset is None or self.second_moment is None or center is self.center:
            return self
        zero = torch.zeros_like(self.mean_offset)
        step = (zero if self.center is None else self.center) - (zero if center is None else center)
        crossed = torch.outer(self.mean_offset, step)
        second = self.second_moment + crossed + crossed.T + torch.outer(step, step)
        first = self.mean_offset + step
        return replace(self, mean_offset=first, second_moment=second, center=center)

    def mixed(self, other: LayerStatistics, amount: float) -> LayerStatistics:
        """Return the statistics of a mixture: this much of the other's positions, the rest of ours.

        The amount is from 0 to 1; the other picture has as many samples.
        """
        mine, its = self.parts(), other.recentered(self.center).parts()
        mixture = {name: torch.lerp(mine[name], its[name], amount) for name in mine}
        if "samples" in mine:  # not averaged: each is taken from one of the two, evenly spread
            count, device = len(mine["samples"]), mine["samples"].device
            steps = (torch.arange(count + 1, dtype=torch.float64) * amount).floor()
            chosen = (steps[1:] > steps[:-1]).to(device)[:, None]
            mixture["samples"] = torch.where(chosen, its["samples"], mine["samples"])
        return replace(self, **mixture)

    @property
    def mean(self) -> Tensor:
        """(C,)."""
        first = self.required("mean_offset")
        return first if self.center is None else first + self.center

    @cached_property
    def covariance(self) -> Tensor:
        """(C, C)."""
        first = self.required("mean_offset")
        return self.required("second_moment") - torch.outer(first, first)

    @property
    def variance(self) -> Tensor:
        """(C,)."""
        first = self.required("mean_offset")
        return (self.required("second_moment").diagonal() - first.square()).clamp_min(0)

    @cached_property
    def root(self) -> Tensor:
        """(C, C), the symmetric root of the covariance."""
        values, vectors = torch.linalg.eigh(self.covariance)
        least = values.mean().clamp_min(0) * _LEAST
        return cast("Tensor", (vectors * values.clamp_min(least).sqrt()) @ vectors.T)

    @cached_property
    def in_order(self) -> Tensor:
        """(C, P), the samples of each channel, sorted."""
        return self.required("samples").T.contiguous().sort(1).values


def layer_statistics(
    features: Tensor,
    required: RequiredStatistics,
    *,
    weight: Tensor | None = None,
    center: Tensor | None = None,
    positions: Tensor | None = None,
    shape: tuple[int, int] | None = None,
    corner: tuple[int, int] = (0, 0),
) -> LayerStatistics:
    """Return the statistics of a layer, or what a part of it adds to those of the whole.

    Args:
        features: (1, C, h, w), float32 or bfloat16.
        required: Which statistics.
        weight: (1, 1, H, W) in [0, 1], how much each position counts; None: all alike.
        center: (C,), see `LayerStatistics`.
        positions: Of the samples, from `draw_positions`.
        shape: (H, W) of the whole layer, to which `weight` and `positions` refer; None: (h, w).
        corner: First row and column of the features in it.
    """
    (height, width), (top, left) = features.shape[2:], corner
    shape = shape or (height, width)
    count: Tensor | int = shape[0] * shape[1]
    if weight is not None:
        count = weight.sum().clamp_min(1e-6)
        weight = weight[..., top : top + height, left : left + width]
    exact = torch.float32 if features.dtype == torch.bfloat16 else features.dtype
    found: dict[str, Tensor] = {}
    if required.gram:
        found["gram"] = gram_matrix(features, weight, count)
    if required.moments:
        shifted = features
        if center is not None:
            shifted = features - center.to(features.dtype).view(1, -1, 1, 1)
        found["second_moment"] = gram_matrix(shifted, weight, count)[0]
        weighed = shifted if weight is None else shifted * weight.to(shifted.dtype)
        found["mean_offset"] = weighed.sum((0, 2, 3), dtype=exact) / count
    if required.samples and positions is not None:
        rows, columns = positions // shape[1] - top, positions % shape[1] - left
        here = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        slots = torch.nonzero(here)[:, 0].to(features.device)
        at = (rows * width + columns)[here].to(features.device)
        # Indexing would add up gradients of a position that comes twice in any order.
        taken = features[0].flatten(1).gather(1, at.expand(features.shape[1], -1)).T.to(exact)
        samples = taken.new_zeros((len(positions), taken.shape[1]))
        found["samples"] = samples.index_put((slots,), taken)
    return LayerStatistics(**found, center=center if required.moments else None)


def draw_positions(
    count: int, shape: tuple[int, int], seed: int, weight: Tensor | None = None
) -> Tensor:
    """Return random positions, (count,) into a flattened map; one may come twice.

    Args:
        count: How many.
        shape: (height, width) of the map.
        seed: The same seed draws the same.
        weight: (1, 1, H, W) in [0, 1]: how likely each position is; None: all alike.
    """
    generator = torch.Generator().manual_seed(seed)
    positions = shape[0] * shape[1]
    if weight is None:
        return torch.randint(positions, (count,), generator=generator)
    # Rejection sampling: where weights are small few positions are left, which are then repeated.
    drawn = torch.randint(positions, (16 * count,), generator=generator)
    taken = drawn[torch.rand(len(drawn), generator=generator) < weight.flatten().cpu()[drawn]]
    if not len(taken):
        taken = weight.flatten().argmax().cpu()[None]
    return taken.repeat(-(-count // len(taken)))[:count]
