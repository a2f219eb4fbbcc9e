"""The two forms of networks that read a style picture once, and then paint content after content.

*Transferring* ones take a picture apart into features, give these the statistics of the style's,
and put a picture together again: AdaIN, WCT. *Coding* ones have the style as numbers that steer how
they paint: Magenta's, MicroAST. Our own is one of its own: see `any_style`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import SettingsError
from impasto.fast.sessions import Array, Session
from impasto.fast.shot import Shot
from impasto.fast.statistics import (
    Statistics,
    coloring,
    mixed_arrays,
    mixed_coloring,
    one_core,
    statistics,
    transferred,
)
from impasto.files import sha256_of
from impasto.images import Picture, fitted_size
from impasto.machine import check_fits, free_memory
from impasto.settings.methods import Method
from impasto.weights.any_style import FADES_BELOW

#: Longest side of a style picture that is read, and shorter side of any.
MOST_STYLE, LEAST_STYLE = 1024, 32
#: Memory that libraries and weights take.
BASE_BYTES = 0.3e9
Files = Mapping[str, Path]
#: What a network keeps of its styles; nobody else reads it.
StyleCode = Any


@dataclass
class Network(ABC):
    """Reads styles and paints; several threads may paint at once.

    Args:
        row: Its method.
        files: What it was opened from, by name.
        painter: What paints.

    Attributes:
        title: For people.
        runtime: What computes: a value of the setting.
        machine: What computes, and where, for people.
        named: Name and SHA-256 of each file.
        bytes_per_pixel: Of memory, at its peak.
    """

    row: Method
    files: Files
    painter: Session

    def __post_init__(self) -> None:
        self.title, self.bytes_per_pixel = self.row.sentence, self.row.bytes_per_pixel
        self.machine = self.painter.name
        self.runtime = self.machine.partition(" ")[0]
        self.named = [named(path) for path in self.files.values()]

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return what is kept of a style.

        Args:
            style: The picture.
            longest: Side in pixels that it is scaled to, where the network leaves a choice.

        Raises:
            SettingsError: The network has a style of its own.
        """
        raise SettingsError(f"{self.title} knows one style: leave the style pictures out")

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return a mixture of styles; None where the network has its own.

        Args:
            codes: What `read` returned of each.
            shares: How much of each; 1 together.
        """
        return None

    @abstractmethod
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
class TransferNetwork(Network):
    """Features are given the statistics of a style's; in stages, from coarse features to fine ones.

    Attributes:
        stages: One, or several that each paint what the next one reads.
        cell: Sides of what the readers see are multiples of this.
        diagonal: Whether channels are taken one by one, without their covariances.
        strengths: Of each stage; None: 1.
    """

    stages: Sequence[Stage]
    cell: int
    diagonal: bool
    strengths: Sequence[float] | None = None

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return what is kept of a style."""
        picture = scaled(style, longest, self.cell)
        return [
            [coloring(self._own(each)) for each in stage.style_reader(picture=picture)]
            for stage in self.stages
        ]

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return a mixture of styles."""
        return [
            [mixed_coloring(each, shares) for each in zip(*stage, strict=True)]
            for stage in zip(*codes, strict=True)
        ]

    def _own(self, features: Array, name: str = "", shot: Shot | None = None) -> Statistics:
        """Return what statistics features are taken to have."""
        found = statistics(features, diagonal=self.diagonal)
        return found if shot is None else Statistics(*shot.followed(name, *found))

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        pixels = content.filled().pixels
        picture = padded(pixels, self.cell)[None]
        parts = self.strengths or [1.0] * len(self.stages)
        stages = zip(self.stages, code, parts, strict=True)
        for number, (stage, wanted, part) in enumerate(stages):
            changed = {}
            maps = zip(stage.reader.outputs, stage.reader(picture=picture), wanted, strict=True)
            with one_core():
                for name, each, style in maps:
                    own = self._own(each, f"{name} {number}", shot)
                    changed[name] = transferred(each, own, style, part * strength)
            (picture,) = stage.painter(**changed)
        return faded(picture[0], pixels, strength)


@dataclass
class CodeNetwork(Network):
    """A style is a few arrays of numbers; they can be mixed, with those of the content too.

    Its painter takes `content` (1, H, W, 3), and codes by the names of the reader's outputs; it
    returns a picture within [0, 1].

    Attributes:
        reader: Picture (1, H, W, 3) -> codes.
        cell: Sides of the content are multiples of this.
        style_size: Width and height of styles; None: as the settings say.
    """

    reader: Session
    cell: int
    style_size: tuple[int, int] | None = None

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return the codes of a style."""
        if self.style_size is None:
            pixels = scaled(style, longest, self.cell)
        else:
            pixels = style.filled().resized(self.style_size).pixels[None]
        return dict(zip(self.reader.outputs, self.reader(picture=pixels), strict=True))

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return the codes of a mixture of styles."""
        return {name: mixed_arrays([each[name] for each in codes], shares) for name in codes[0]}

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        if strength < 1:
            own = self.read(content, max(content.size))
            code = self.mixed([own, code], [1 - strength, strength])
        pixels = content.filled().pixels
        (painted,) = self.painter(content=padded(pixels, self.cell)[None], **code)
        return faded(painted[0], pixels, strength)


def check_memory(size: tuple[int, int], bytes_per_pixel: int) -> float:
    """Return the bytes that a picture (width, height) takes; refuse one that cannot fit.

    Raises:
        ImpastoError: It says what is needed, what there is, and the size that would fit.
    """
    needed = BASE_BYTES + bytes_per_pixel * size[0] * size[1]
    check_fits(needed, free_memory(), BASE_BYTES, max(size), f"painting at {size[0]}x{size[1]}")
    return needed


def named(path: Path) -> dict[str, str]:
    """Return name and SHA-256 of a file."""
    return {"name": path.name, "sha256": sha256_of(path)}


def faded(painted: Array, pixels: Array, strength: float) -> Array:
    """Return a painted picture, cropped, and at low strength mixed with what it was painted from.

    Args:
        painted: With borders that `padded` added.
        pixels: (H, W, 3), what it was painted from.
        strength: From 0 to 1.
    """
    painted = painted[: pixels.shape[0], : pixels.shape[1]]
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
    return np.ascontiguousarray(np.pad(pixels, [*edges, (0, 0)], mode="edge"))
