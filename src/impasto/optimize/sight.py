"""Looking at a picture with an encoder, whole or tile by tile, as if it had been seen whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.losses import (
    STYLE_LOSSES,
    Needs,
    Picks,
    Summary,
    draw_picks,
    summarize,
)
from impasto.networks import Encoder
from impasto.optimize.tiles import UNIT, Tile, positions_in, tiles_of

#: What is known of a picture: layer -> summary.
Summaries = Mapping[str, Summary]


class Map:
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


class View(NamedTuple):
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

    def summary(
        self, needs: Needs, where: Map, center: Tensor | None, positions: Tensor | None
    ) -> Summary:
        """Return what the tile gives to the summary of the whole."""
        picks = None
        if positions is not None:
            box = self.tile.within(self.stride, self.shape)
            slots, own = positions_in(box, positions, self.shape[1])
            device = self.features.device
            picks = Picks(own.to(device), slots.to(device), len(positions))
        return summarize(
            self.features,
            needs,
            weight=self.part(where.at(self.shape)),
            count=where.total(self.shape),
            center=center,
            picks=picks,
        )


class Sight:
    """An encoder that looks at pictures of one size, whole or tile by tile.

    Args:
        encoder: The network.
        size: (width, height) of the pictures.
        side: Longest side of a tile; None: pictures are seen whole.
    """

    def __init__(self, encoder: Encoder, size: tuple[int, int], side: int | None = None) -> None:
        self.encoder, self.size = encoder, size
        self.tiles = tiles_of(size, side, -(-encoder.reach // UNIT) * UNIT)

    def whole(
        self, image: Tensor, layers: Sequence[str], phase: int | None = None
    ) -> dict[str, View]:
        """Return the features of a picture that is seen whole."""
        return self.views(image, tiles_of(self.size, None, 0)[0], layers, phase)

    def views(
        self, part: Tensor, tile: Tile, layers: Sequence[str], phase: int | None = None
    ) -> dict[str, View]:
        """Return the features of a tile's outer part, cut to the inner one."""
        views = {}
        for name, seen in self.encoder(part, layers, phase).items():
            stride, shape = self.encoder.stride(name, phase), self.shape(name, phase)
            views[name] = View(tile.inside(seen, stride, shape), tile, stride, shape)
        return views

    def shape(self, layer: str, phase: int | None = None) -> tuple[int, int]:
        """Return (height, width) of a layer of the whole picture."""
        return self.encoder.shape(layer, (self.size[1], self.size[0]), phase)

    @torch.no_grad()
    def features(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return the features of a whole picture; put together from tiles, see `_stored`."""
        if len(self.tiles) == 1:
            return self.encoder(image, layers)
        found: dict[str, Tensor] = {}
        for tile in self.tiles:
            for name, view in self.views(tile.outer.of(image), tile, layers).items():
                if name not in found:
                    wide = (1, view.features.shape[1], *view.shape)
                    found[name] = view.features.new_empty(wide, dtype=self._stored(view.features))
                tile.within(view.stride, view.shape).of(found[name]).copy_(view.features)
        return found

    def _stored(self, features: Tensor) -> torch.dtype:
        """Return how features are kept: in 16 bits, if they are known to stay within its range."""
        known = self.encoder.name in ("pocket", "vgg19")
        return torch.float16 if known and features.dtype == torch.float32 else features.dtype

    @torch.no_grad()
    def summaries(
        self,
        image: Tensor,
        layers: Sequence[str],
        needs: Needs,
        where: Map,
        centers: Mapping[str, Tensor | None] | None = None,
    ) -> Summaries:
        """Return what is known of a picture: its style, or the content's own."""
        if needs.moments and centers is None:
            about = self.summaries(image, layers, Needs(moments=True), where, {})
            centers = {name: summary.mean for name, summary in about.items()}
        found: dict[str, Summary] = {}
        picks: dict[str, Tensor] = {}
        for tile in self.tiles:
            for name, view in self.views(tile.outer.of(image), tile, layers).items():
                if needs.samples and name not in picks:
                    picks[name] = draw_picks(needs.samples, view.shape, 0, where.at(view.shape))
                part = view.summary(needs, where, (centers or {}).get(name), picks.get(name))
                found[name] = found[name] + part if name in found else part
        return found


def style_targets(
    encoder: Encoder,
    image: Tensor,
    alpha: Tensor | None,
    layers: Sequence[str],
    needs: Needs = STYLE_LOSSES["gram"].needs,
    side: int | None = None,
) -> Summaries:
    """Return what is to be known of one style picture, layer by layer.

    Args:
        encoder: The network.
        image: (1, 3, H, W) in [0, 1].
        alpha: (1, 1, H, W) in [0, 1], or None: transparent pixels take no part.
        layers: Canonical names.
        needs: What the style losses look at.
        side: Longest side of a tile to look at at once; None: everything.
    """
    sight = Sight(encoder, (image.shape[3], image.shape[2]), side)
    return sight.summaries(image, layers, needs, Map(alpha))
