"""The two forms of networks that read a style picture once, and then paint content after content.

*Transferring* ones take a picture apart into features, give these the statistics of the style's,
and put a picture together again: AdaIN, WCT. *Coding* ones have the style as numbers that steer how
they paint: Magenta's, MicroAST. Our own is one of its own: see `any_style`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from impasto.fast.blas import ONE_CORE
from impasto.fast.sessions import Array, Session
from impasto.fast.shot import Shot
from impasto.fast.statistics import (
    Kind,
    Statistics,
    coloring,
    mixed_coloring,
    statistics,
    transfer,
)
from impasto.images import Picture, fitted_size
from impasto.weights.any_style import FADES_BELOW

#: Longest side of a style picture that is read, and shorter side of any.
MOST_STYLE, LEAST_STYLE = 1024, 32
#: What a network keeps of its styles; nobody else reads it.
StyleCode = Any


class Network(Protocol):
    """Reads styles and paints; several threads may paint at once.

    Attributes:
        title: For people.
        runtime: What computes: a value of the setting.
        machine: What computes, and where, for people.
        named: Name and SHA-256 of each file.
        bytes_per_pixel: Of memory, at its peak.
    """

    title: str
    runtime: str
    machine: str
    named: list[dict[str, str]]
    bytes_per_pixel: int

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return what is kept of a style.

        Args:
            style: The picture.
            longest: Side in pixels that it is scaled to, where the network leaves a choice.
        """
        ...

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return a mixture of styles.

        Args:
            codes: What `read` returned of each.
            shares: How much of each; 1 together.
        """
        ...

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return the content's pixels (H, W, 3), float32 in [0, 1], stylized.

        Args:
            content: Of any height and width. Colors under alpha are hidden: use `filled()`.
            code: What `read` returned.
            strength: From 0, the content itself, to 1.
            shot: The shot that the content is a frame of; None: it is a picture by itself.
        """
        ...


@dataclass(frozen=True)
class Stage:
    """A reader and the painter of its features.

    Attributes:
        style_reader: As `reader`, for pictures of many sizes.
        reader: Picture (1, H, W, 3) -> maps of features (1, C, h, w).
        painter: Such maps, by the names of the reader's outputs -> picture, the last one's within
            [0, 1].
    """

    style_reader: Session
    reader: Session
    painter: Session


@dataclass
class TransferNetwork:
    """Features are given the statistics of a style's; in stages, from coarse features to fine ones.

    Attributes:
        stages: One, or several that each paint what the next one reads.
        kind: What of the features is transferred.
        cell: Sides of what the readers see are multiples of this.
        strengths: Of each stage.
    """

    title: str
    runtime: str
    machine: str
    named: list[dict[str, str]]
    bytes_per_pixel: int
    stages: Sequence[Stage]
    kind: Kind
    cell: int
    strengths: Sequence[float] = (1.0,)

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return what is kept of a style."""
        picture = scaled(style, longest, self.cell)
        return [
            [coloring(statistics(each, self.kind)) for each in stage.style_reader(picture=picture)]
            for stage in self.stages
        ]

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return a mixture of styles."""
        return [
            [mixed_coloring(each, shares) for each in zip(*stage, strict=True)]
            for stage in zip(*codes, strict=True)
        ]

    def _own(self, features: Array, name: str, shot: Shot | None) -> Statistics:
        """Return what statistics features are taken to have."""
        found = statistics(features, self.kind)
        return found if shot is None else Statistics(*shot.followed(name, *found))

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        height, width = content.height, content.width
        pixels = content.filled().pixels
        picture = padded(pixels, self.cell)[None]
        for number, (stage, wanted, part) in enumerate(
            zip(self.stages, code, self.strengths, strict=True)
        ):
            maps = stage.reader(picture=picture)
            with ONE_CORE:
                changed = {
                    name: transfer(
                        self._own(each, f"{name} {number}", shot), style, part * strength
                    )(each)
                    for name, each, style in zip(stage.reader.outputs, maps, wanted, strict=True)
                }
            (picture,) = stage.painter(**changed)
        return faded(picture[0, :height, :width], pixels, strength)


@dataclass
class CodeNetwork:
    """A style is a few arrays of numbers; they can be mixed, with those of the content too.

    Attributes:
        reader: Picture (1, H, W, 3) -> codes.
        painter: `content` (1, H, W, 3), and codes by the names of the reader's outputs -> picture
            within [0, 1].
        cell: Sides of the content are multiples of this.
        style_size: Width and height of styles; None: as the settings say.
    """

    title: str
    runtime: str
    machine: str
    named: list[dict[str, str]]
    bytes_per_pixel: int
    reader: Session
    painter: Session
    cell: int
    style_size: tuple[int, int] | None = None

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return the codes of a style."""
        return self._codes(style, longest)

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return the codes of a mixture of styles."""
        return _mixture(codes, shares)

    def _codes(self, style: Picture, longest: int) -> dict[str, Array]:
        if self.style_size is None:
            pixels = scaled(style, longest, self.cell)
        else:
            pixels = style.filled().resized(self.style_size).pixels[None]
        return dict(zip(self.reader.outputs, self.reader(picture=pixels), strict=True))

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        if strength < 1:
            own = self._codes(content, max(content.size))
            code = _mixture([own, code], [1 - strength, strength])
        height, width = content.height, content.width
        pixels = content.filled().pixels
        (painted,) = self.painter(content=padded(pixels, self.cell)[None], **code)
        return faded(painted[0, :height, :width], pixels, strength)


def _mixture(codes: Sequence[Mapping[str, Array]], shares: Sequence[float]) -> dict[str, Array]:
    return {
        name: np.asarray(
            sum(np.float32(s) * each[name] for s, each in zip(shares, codes, strict=True))
        )
        for name in codes[0]
    }


def faded(painted: Array, pixels: Array, strength: float) -> Array:
    """Return a painted picture, at low strength mixed with what it was painted from."""
    part = np.float32(strength / FADES_BELOW)
    return painted if part >= 1 else pixels + part * (painted - pixels)


def scaled(style: Picture, longest: int, cell: int) -> Array:
    """Return a style (1, H, W, 3), its longest side about as long as asked, in whole cells."""
    longest = min(longest, MOST_STYLE)
    longest = max(longest, LEAST_STYLE * max(style.size) // min(style.size))
    width, height = (
        max(LEAST_STYLE, round(side / cell) * cell) for side in fitted_size(style.size, longest)
    )
    return style.filled().resized((width, height)).pixels[None]


def padded(pixels: Array, cell: int) -> Array:
    """Return (H, W, 3), borders repeated on the right and below up to whole cells, two at least."""
    edges = [(0, max(-side % cell, 2 * cell - side)) for side in pixels.shape[:2]]
    if any(after for _, after in edges):
        pixels = np.pad(pixels, [*edges, (0, 0)], mode="edge")
    return np.ascontiguousarray(pixels)
