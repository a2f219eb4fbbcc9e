"""Encoding a picture whole, or tile by tile with the same result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto import losses
from impasto.losses import LayerStatistics, RequiredStatistics
from impasto.networks import Encoder
from impasto.settings.encoders import ENCODERS

#: The statistics of a picture by layer.
StatisticsByLayer = Mapping[str, LayerStatistics]
#: Sides of tiles are multiples of it, so that every pooling and phase falls where it did.
UNIT = 16


class Box(NamedTuple):
    """A part of a picture, in pixels: left and top belong to it, right and bottom do not."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, image: Tensor) -> Tensor:
        """Return this part of (..., H, W)."""
        return image[..., self.top : self.bottom, self.left : self.right]

    def moved(self, right: int, down: int) -> Box:
        """Return a part of the same size elsewhere."""
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def within(self, width: int, height: int) -> Box:
        """Return what of it lies in a picture of this size."""
        right, bottom = min(self.right, width), min(self.bottom, height)
        return Box(max(0, self.left), max(0, self.top), right, bottom)

    @property
    def pixels(self) -> int:
        """How many pixels it has."""
        return (self.right - self.left) * (self.bottom - self.top)


class Tile(NamedTuple):
    """A part of a picture, and the larger one that its features depend on.

    Where the outer one ends beyond the picture's borders, the picture repeats.
    """

    inner: Box
    outer: Box

    def cut(self, image: Tensor) -> Tensor:
        """Return the outer part of (..., H, W)."""
        if self.repeats(image):
            rows, columns = self._places(image)
            return image[..., rows, :][..., columns]
        return self.outer.of(image)

    def add(self, image: Tensor, part: Tensor) -> None:
        """Add to the outer part of (..., H, W), in place."""
        if self.repeats(image):
            rows, columns = self._places(image)
            wide = part.new_zeros((*part.shape[:-1], image.shape[-1]))
            image.index_add_(-2, rows, wide.index_add_(-1, columns, part))
        else:
            self.outer.of(image).add_(part)

    def repeats(self, image: Tensor) -> bool:
        """Return whether the outer part goes beyond the borders of (..., H, W)."""
        left, top, right, bottom = self.outer
        return min(left, top) < 0 or right > image.shape[-1] or bottom > image.shape[-2]

    def _places(self, image: Tensor) -> tuple[Tensor, Tensor]:
        rows = torch.arange(self.outer.top, self.outer.bottom, device=image.device)
        columns = torch.arange(self.outer.left, self.outer.right, device=image.device)
        return rows % image.shape[-2], columns % image.shape[-1]


def tiles_of(
    size: tuple[int, int], side: int | None, reach: int, tileable: bool = False
) -> list[Tile]:
    """Return the tiles of a picture of (width, height), row by row.

    Their sides are at most `side`, a multiple of `UNIT`; `reach` pixels around are encoded too,
    those of a `tileable` picture on its other side.
    """
    width, height = size
    side, halo = side or max(size), -(-reach // UNIT) * UNIT
    tiles = []
    for top, bottom in pairwise(_cuts(height, side)):
        for left, right in pairwise(_cuts(width, side)):
            outer = Box(left - halo, top - halo, right + halo, bottom + halo)
            if not tileable:
                outer = outer.within(width, height)
            tiles.append(Tile(Box(left, top, right, bottom), outer))
    return tiles


def _cuts(length: int, side: int) -> list[int]:
    """Return where to cut into parts of about one length, none longer than a side."""
    count = -(-length // side)
    return [*range(0, length, -(-length // (count * UNIT)) * UNIT), length]


class SpatialWeight:
    """How much each position counts, at the resolution of any layer.

    `image` is (1, 1, H, W) in [0, 1], or None: all alike.
    """

    def __init__(self, image: Tensor | None) -> None:
        self.image = image
        self._found: dict[tuple[int, int], Tensor] = {}

    def at(self, shape: tuple[int, int]) -> Tensor | None:
        """Return (1, 1, h, w), or None."""
        if self.image is None:
            return None
        if shape not in self._found:
            self._found[shape] = F.interpolate(self.image, shape, mode="area")
        return self._found[shape]


class TileFeatures(NamedTuple):
    """Features of a tile's inner part, (1, C, h, w), and where they belong."""

    features: Tensor
    #: Where they lie in the map of the whole picture, and (height, width) of that.
    box: Box
    shape: tuple[int, int]

    @property
    def corner(self) -> tuple[int, int]:
        """First row and column."""
        return self.box.top, self.box.left


class TiledEncoder:
    """An encoder for pictures of one size, whole (None) or in tiles of this side.

    A `tileable` picture is seen as if it repeated.
    """

    def __init__(
        self,
        encoder: Encoder,
        size: tuple[int, int],
        side: int | None = None,
        tileable: bool = False,
    ) -> None:
        self.encoder, self.size = encoder, size
        self.tiles = tiles_of(size, side, encoder.reach, tileable)

    def views(
        self, part: Tensor, tile: Tile, layers: Sequence[str], phase: int | None = None
    ) -> dict[str, TileFeatures]:
        """Return the features of a tile's outer part, cut to the inner one."""
        views, phases = {}, {} if self.encoder.phases == 1 else {"subsample_phase": phase}
        for name, seen in self.encoder.network(part, layers, **phases).items():
            stride = self.encoder.stride(name, phase)
            shape = self.encoder.shape(name, (self.size[1], self.size[0]), phase)
            left, top, right, bottom = tile.inner
            box = Box(
                left // stride,
                top // stride,
                shape[1] if right == self.size[0] else right // stride,
                shape[0] if bottom == self.size[1] else bottom // stride,
            )
            if tile.inner != tile.outer:
                seen = box.moved(-(tile.outer.left // stride), -(tile.outer.top // stride)).of(seen)
            views[name] = TileFeatures(seen, box, shape)
        return views

    @torch.no_grad()
    def features(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return the features of a picture; in tiles in 16 bits, if these can hold them."""
        if len(self.tiles) == 1 and self.tiles[0].inner == self.tiles[0].outer:
            return self.encoder(image, layers)
        found: dict[str, Tensor] = {}
        for tile in self.tiles:
            for name, view in self.views(tile.cut(image), tile, layers).items():
                if name not in found:
                    kind = view.features.dtype
                    if ENCODERS[self.encoder.name].bounded and kind == torch.float32:
                        kind = torch.float16
                    wide = (1, view.features.shape[1], *view.shape)
                    found[name] = view.features.new_empty(wide, dtype=kind)
                view.box.of(found[name]).copy_(view.features)
        return found

    @torch.no_grad()
    def statistics(
        self,
        image: Tensor,
        layers: Sequence[str],
        required: RequiredStatistics,
        weight: SpatialWeight,
        centers: Mapping[str, Tensor | None] | None = None,
    ) -> StatisticsByLayer:
        """Return the statistics of each layer of a picture."""
        if required.moments and centers is None:
            about = self.statistics(image, layers, RequiredStatistics(moments=True), weight, {})
            centers = {name: each.mean for name, each in about.items()}
        found: dict[str, LayerStatistics] = {}
        drawn: dict[str, Tensor] = {}
        for tile in self.tiles:
            for name, view in self.views(tile.cut(image), tile, layers).items():
                if required.samples and name not in drawn:
                    at = weight.at(view.shape)
                    drawn[name] = losses.draw_positions(required.samples, view.shape, 0, at)
                part = losses.layer_statistics(
                    view.features,
                    required,
                    weight=weight.at(view.shape),
                    center=(centers or {}).get(name),
                    positions=drawn.get(name),
                    shape=view.shape,
                    corner=view.corner,
                )
                found[name] = found[name] + part if name in found else part
        return found
