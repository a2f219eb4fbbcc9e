"""Looking at a picture with an encoder, whole or tile by tile, as if it had been seen whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from impasto.optimize.tiles import Tile, positions_in, tiles_of
from impasto.settings.encoders import ENCODERS

#: What is known of a picture: layer -> statistics.
StyleStatistics = Mapping[str, LayerStatistics]


class SpatialWeight:
    """How much each position counts, at the resolution of any layer.

    Args:
        image: (1, 1, H, W) in [0, 1], or None: all alike.
    """

    def __init__(self, image: Tensor | None) -> None:
        self.image = image
        self._found: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def at(self, shape: tuple[int, int]) -> Tensor | None:
        """Return (1, 1, h, w), or None."""
        return None if self.image is None else self._at(shape)[0]

    def total(self, shape: tuple[int, int]) -> Tensor | float:
        """Return the sum over positions, never zero."""
        return shape[0] * shape[1] if self.image is None else self._at(shape)[1]

    def _at(self, shape: tuple[int, int]) -> tuple[Tensor, Tensor]:
        assert self.image is not None
        if shape not in self._found:
            small = F.interpolate(self.image, shape, mode="area")
            self._found[shape] = (small, small.sum().clamp_min(1e-6))
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
        sampled = None
        if positions is not None:
            box = self.tile.within(self.stride, self.shape)
            slots, own = positions_in(box, positions, self.shape[1])
            device = self.features.device
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
