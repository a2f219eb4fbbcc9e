"""Looking at a picture with an encoder, whole or tile by tile, as if it had been seen whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.losses import (
    LayerStatistics,
    RequiredStatistics,
    SamplePositions,
    draw_positions,
    layer_statistics,
)
from impasto.networks import Encoder
from impasto.settings.encoders import ENCODERS

#: What is known of a picture: layer -> statistics.
StyleStatistics = Mapping[str, LayerStatistics]
#: Sides of tiles are multiples of it, so that every pooling and phase falls where it did.
UNIT = 16


class Box(NamedTuple):
    """A part of a picture, in pixels: left and top are in it, right and bottom are not."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, image: Tensor) -> Tensor:
        """Return this part of (..., H, W)."""
        return image[..., self.top : self.bottom, self.left : self.right]

    @property
    def pixels(self) -> int:
        """How many it has."""
        return (self.right - self.left) * (self.bottom - self.top)


class Tile(NamedTuple):
    """A part that is answered for, and the larger one that has to be looked at.

    Attributes:
        inner: Inner parts of all tiles are the picture, each pixel once.
        outer: The inner part with all that its features depend on.
        size: (width, height) of the picture.
    """

    inner: Box
    outer: Box
    size: tuple[int, int]

    def within(self, stride: int, shape: tuple[int, int]) -> Box:
        """Return where its inner part lies in a map, (height, width), of the whole picture."""
        left, top, right, bottom = self.inner
        return Box(
            left // stride,
            top // stride,
            shape[1] if right == self.size[0] else right // stride,
            shape[0] if bottom == self.size[1] else bottom // stride,
        )

    def inside(self, features: Tensor, stride: int, shape: tuple[int, int]) -> Tensor:
        """Return the features of the inner part, from those of the outer one."""
        if self.inner == self.outer:
            return features
        left, top, right, bottom = self.within(stride, shape)
        across, down = self.outer.left // stride, self.outer.top // stride
        return Box(left - across, top - down, right - across, bottom - down).of(features)


def tiles_of(size: tuple[int, int], side: int | None, reach: int) -> list[Tile]:
    """Return the tiles of a picture, row by row.

    Args:
        size: (width, height).
        side: Longest side of an inner part, in pixels, a multiple of `UNIT`; None: one tile.
        reach: Pixels to look at around it, at least.
    """
    width, height = size
    side, halo = side or max(size), -(-reach // UNIT) * UNIT
    return [
        Tile(
            Box(left, top, right, bottom),
            Box(
                max(0, left - halo),
                max(0, top - halo),
                min(width, right + halo),
                min(height, bottom + halo),
            ),
            size,
        )
        for top, bottom in pairwise(_cuts(height, side))
        for left, right in pairwise(_cuts(width, side))
    ]


def _cuts(length: int, side: int) -> list[int]:
    """Return where to cut so that parts are alike and none is longer than a side."""
    count = -(-length // side)
    part = -(-length // (count * UNIT)) * UNIT
    return [*range(0, length, part), length]


class SpatialWeight:
    """How much each position counts, at the resolution of any layer.

    Args:
        image: (1, 1, H, W) in [0, 1], or None: all alike.
    """

    def __init__(self, image: Tensor | None) -> None:
        self.image = image
        self._found: dict[tuple[int, int], tuple[Tensor | None, Tensor | float]] = {}

    def at(self, shape: tuple[int, int]) -> Tensor | None:
        """Return (1, 1, h, w), or None."""
        return self._seen_at(shape)[0]

    def total(self, shape: tuple[int, int]) -> Tensor | float:
        """Return the sum over positions, never zero."""
        return self._seen_at(shape)[1]

    def _seen_at(self, shape: tuple[int, int]) -> tuple[Tensor | None, Tensor | float]:
        if self.image is None:
            return None, shape[0] * shape[1]
        if shape not in self._found:
            small = F.interpolate(self.image, shape, mode="area")
            self._found[shape] = small, small.sum().clamp_min(1e-6)
        return self._found[shape]


class TileFeatures(NamedTuple):
    """Features of a tile and where they belong.

    Attributes:
        features: (1, C, h, w), of the tile's inner part.
        tile: The tile.
        stride: Pixels from one position to the next.
        shape: (height, width) of the map of the whole picture.
    """

    features: Tensor
    tile: Tile
    stride: int
    shape: tuple[int, int]

    def part(self, whole: Tensor | None) -> Tensor | None:
        """Return what belongs to the tile of (..., H, W) at this layer."""
        return None if whole is None else self.tile.within(self.stride, self.shape).of(whole)

    def statistics(
        self,
        required: RequiredStatistics,
        where: SpatialWeight,
        center: Tensor | None,
        positions: Tensor | None,
    ) -> LayerStatistics:
        """Return what the tile gives to the statistics of the whole."""
        sampled, device = None, self.features.device
        if positions is not None:
            box = self.tile.within(self.stride, self.shape)
            rows, columns = (
                positions // self.shape[1] - box.top,
                positions % self.shape[1] - box.left,
            )
            height, width = self.features.shape[2:]
            inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            slots = torch.nonzero(inside)[:, 0]
            own = rows[slots] * width + columns[slots]
            sampled = SamplePositions(own.to(device), slots.to(device), len(positions))
        return layer_statistics(
            self.features,
            required,
            weight=self.part(where.at(self.shape)),
            count=where.total(self.shape),
            center=center,
            positions=sampled,
        )


class TiledEncoder:
    """An encoder that looks at pictures of one size, whole or tile by tile.

    Args:
        encoder: The network.
        size: (width, height) of the pictures.
        side: Longest side of a tile; None: pictures are seen whole.
    """

    def __init__(self, encoder: Encoder, size: tuple[int, int], side: int | None = None) -> None:
        self.encoder, self.size = encoder, size
        self.tiles = tiles_of(size, side, encoder.reach)

    def views(
        self, part: Tensor, tile: Tile, layers: Sequence[str], phase: int | None = None
    ) -> dict[str, TileFeatures]:
        """Return the features of a tile's outer part, cut to the inner one."""
        views = {}
        for name, seen in self.encoder(part, layers, phase).items():
            stride = self.encoder.stride(name, phase)
            shape = self.encoder.shape(name, (self.size[1], self.size[0]), phase)
            views[name] = TileFeatures(tile.inside(seen, stride, shape), tile, stride, shape)
        return views

    @torch.no_grad()
    def features(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return the features of a whole picture.

        If they are put together from tiles and known to stay within its range, in 16 bits.
        """
        if len(self.tiles) == 1:
            return self.encoder(image, layers)
        found: dict[str, Tensor] = {}
        for tile in self.tiles:
            for name, view in self.views(tile.outer.of(image), tile, layers).items():
                if name not in found:
                    half = (
                        ENCODERS[self.encoder.name].bounded and view.features.dtype == torch.float32
                    )
                    kind = torch.float16 if half else view.features.dtype
                    wide = (1, view.features.shape[1], *view.shape)
                    found[name] = view.features.new_empty(wide, dtype=kind)
                tile.within(view.stride, view.shape).of(found[name]).copy_(view.features)
        return found

    @torch.no_grad()
    def statistics(
        self,
        image: Tensor,
        layers: Sequence[str],
        required: RequiredStatistics,
        where: SpatialWeight,
        centers: Mapping[str, Tensor | None] | None = None,
    ) -> StyleStatistics:
        """Return what is known of a picture: its style, or the content's own."""
        if required.moments and centers is None:
            about = self.statistics(image, layers, RequiredStatistics(moments=True), where, {})
            centers = {name: each.mean for name, each in about.items()}
        found: dict[str, LayerStatistics] = {}
        drawn: dict[str, Tensor] = {}
        for tile in self.tiles:
            for name, view in self.views(tile.outer.of(image), tile, layers).items():
                if required.samples and name not in drawn:
                    at = where.at(view.shape)
                    drawn[name] = draw_positions(required.samples, view.shape, 0, at)
                part = view.statistics(required, where, (centers or {}).get(name), drawn.get(name))
                found[name] = found[name] + part if name in found else part
        return found
