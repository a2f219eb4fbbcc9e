"""Networks that encode a style picture once, and then paint any number of contents.

Those of `transfer` give features the statistics of the style's: AdaIN, WCT. A `CodeNetwork` has the
style as numbers that steer how it paints: Magenta's, MicroAST. Our own is `any_style`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from impasto.errors import SettingsError
from impasto.fast.sessions import Array, Session, thread_limit
from impasto.fast.shot import Shot
from impasto.files import sha256_of
from impasto.images import Picture, fitted_size
from impasto.machine import check_fits, free_memory
from impasto.settings import Settings
from impasto.settings.declaration import load
from impasto.settings.methods import Method, method_of
from impasto.weights import fetch, find
from impasto.weights.any_style import FADES_BELOW

#: Longest side of a style picture that is read, and shorter side of any.
MOST_STYLE, LEAST_STYLE = 1024, 32
#: Memory that libraries and weights take.
BASE_BYTES = 0.3e9
Files = Mapping[str, Path]
#: A style as a network keeps it; only the network reads it.
StyleCode = Any


@dataclass
class Network(ABC):
    """Reads styles and paints; several threads may paint at once."""

    row: Method
    files: Files  # what it was opened from, by name; `named` has name and SHA-256 of each
    session: Session  # that paints; its name says what computes, and where

    def __post_init__(self) -> None:
        self.title, self.bytes_per_pixel = self.row.sentence, self.row.bytes_per_pixel
        self.machine = self.session.name  # for people: what computes, and where
        self.runtime = self.machine.partition(" ")[0]  # a value of the setting
        self.named = [named(path) for path in self.files.values()]

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return the code of a style, its longest side scaled to so many pixels if need be.

        A network that has its style built in raises a `SettingsError`.
        """
        raise SettingsError(f"{self.title} knows one style: leave the style pictures out")

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return a mixture of codes by shares that sum to 1; None for a built-in style."""
        return mixed_codes(codes, shares) if codes else None

    @abstractmethod
    def paint(self, content: Picture, code: StyleCode, strength: float, shot: Shot | None) -> Array:
        """Return the content's pixels (H, W, 3), float32 in [0, 1], stylized.

        The content has any height and width, and colors hidden under alpha: use `filled()`. The
        code is what `read` returned, strength from 0, the content itself, to 1. A shot is what the
        content is a frame of; None: it is a picture by itself.
        """


@dataclass
class CodeNetwork(Network):
    """Has a style as a few arrays of numbers, which can be mixed, with those of the content too.

    Its session takes `content` (1, H, W, 3) and codes by name, and gives a picture within [0, 1].
    """

    style_reader: Session  # picture (1, H, W, 3) -> codes
    cell: int  # sides of the content are multiples of this
    style_size: tuple[int, int] | None = None  # width and height of styles; None: as settings say

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return the codes of a style."""
        if self.style_size is None:
            pixels = scaled(style, longest, self.cell)
        else:
            pixels = style.filled().resized(self.style_size).pixels[None]
        return dict(zip(self.style_reader.outputs, self.style_reader(picture=pixels), strict=True))

    def paint(self, content: Picture, code: StyleCode, strength: float, shot: Shot | None) -> Array:
        """Return stylized pixels."""
        if strength < 1:
            own = self.read(content, max(content.size))
            code = self.mixed([own, code], [1 - strength, strength])
        pixels = content.filled().pixels
        (painted,) = self.session(content=padded(pixels, self.cell)[None], **code)
        return faded(painted[0], pixels, strength)


def network_for(settings: Settings) -> Network:
    """Open the network of a method of one pass, as `open_session`; stylizers share it."""
    row = method_of(settings.method)
    if row.one_style:
        files = {"network": Path(settings.method)}
    elif settings.weights is not None:
        path = Path(settings.weights)
        files = {"any-style": path, "style-reader": path.with_name("style_reader.onnx")}
    else:
        files = {name: fetch(name) for name in row.needed(lambda name: find(name) is not None)}
    # The settings that a network depends on.
    names = ("method", "runtime", "device", "level_strengths")
    relevant = Settings(**{name: getattr(settings, name) for name in names})
    # A replaced file is opened again; opening raises for one that is missing.
    found = [path.stat() if path.exists() else None for path in files.values()]
    versions = tuple(stat and (stat.st_mtime_ns, stat.st_size) for stat in found)
    return _opened(row, relevant, tuple(files.items()), versions, thread_limit())


@lru_cache(16)
def _opened(
    row: Method, settings: Settings, files: tuple[tuple[str, Path], ...], *_reopened_for: object
) -> Network:
    return cast("Network", load(row.network)(row, settings, dict(files)))


def mixed_codes(codes: Sequence[Any], shares: Sequence[float]) -> Any:  # noqa: ANN401
    """Return a weighted sum of arrays, or of lists or mappings of such; shares are 1 together."""
    first = codes[0]
    if isinstance(first, Mapping):
        return {name: mixed_codes([each[name] for each in codes], shares) for name in first}
    if isinstance(first, list | tuple):
        return [mixed_codes(parts, shares) for parts in zip(*codes, strict=True)]
    return np.asarray(sum(share * each for share, each in zip(shares, codes, strict=True)))


def check_memory(size: tuple[int, int], bytes_per_pixel: int) -> float:
    """Return the bytes that a picture (width, height) takes; see `check_fits`."""
    needed = BASE_BYTES + bytes_per_pixel * size[0] * size[1]
    check_fits(needed, free_memory(), BASE_BYTES, max(size), f"painting at {size[0]}x{size[1]}")
    return needed


def named(path: Path) -> dict[str, str]:
    """Return name and SHA-256 of a file."""
    return {"name": path.name, "sha256": sha256_of(path)}


def faded(painted: Array, pixels: Array, strength: float) -> Array:
    """Return a painted picture without `padded` borders; at low strength mixed with the content."""
    painted = painted[: pixels.shape[0], : pixels.shape[1]]
    part = np.float32(strength / FADES_BELOW)
    return painted if part >= 1 else pixels + part * (painted - pixels)


def scaled(style: Picture, longest: int, cell: int) -> Array:
    """Return a style (1, H, W, 3), its longest side about as long as asked, in whole cells."""
    longest = min(longest, MOST_STYLE)
    longest = max(longest, LEAST_STYLE * max(style.size) // min(style.size))
    sides = fitted_size(style.size, longest)
    width, height = (max(LEAST_STYLE, round(side / cell) * cell) for side in sides)
    return style.filled().resized((width, height)).pixels[None]


def padded(pixels: Array, cell: int) -> Array:
    """Return (H, W, 3), borders repeated on the right and below up to whole cells, two at least."""
    edges = [(0, max(-side % cell, 2 * cell - side)) for side in pixels.shape[:2]]
    return np.ascontiguousarray(np.pad(pixels, [*edges, (0, 0)], mode="edge"))
