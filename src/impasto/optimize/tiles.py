"""Cutting a picture into tiles that together see what the whole would have seen."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

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
        """Return where its inner part lies in a map of features of the whole picture.

        Args:
            stride: Pixels from one position to the next.
            shape: (height, width) of the map.
        """
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


def positions_in(box: Box, positions: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Return which of the positions lie in a box, and where they are in it.

    Args:
        box: A part of a map.
        positions: (P,) into the flattened map.
        width: Of the map.

    Returns:
        (K,) indices into `positions`, and (K,) positions in the flattened box.
    """
    rows, columns = positions // width, positions % width
    inside = (rows >= box.top) & (rows < box.bottom)
    inside &= (columns >= box.left) & (columns < box.right)
    chosen = torch.nonzero(inside)[:, 0]
    own = (rows[chosen] - box.top) * (box.right - box.left) + columns[chosen] - box.left
    return chosen, own
