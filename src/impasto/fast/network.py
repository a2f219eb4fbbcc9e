"""The any-style network: two ONNX files that `impasto export` made, and what is between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from impasto.fast.palette import UNCHANGED, Palette
from impasto.fast.sessions import Array, Session, open_session
from impasto.fast.statistics import Coloring, Statistics, statistics, transfer
from impasto.images import Picture, fitted_size
from impasto.weights import fetch, sha256_of

#: Sides of what the network sees are multiples of this.
CELL = 8
#: Longest side of a style picture that is read, and shorter side of any.
MOST_STYLE, LEAST_STYLE = 1024, 32


@dataclass(frozen=True)
class Network:
    """Reader and painter.

    Attributes:
        style_reader: As `reader`, for pictures of many sizes.
        reader: Picture -> maps of features.
        painter: Such maps -> picture.
        runtime: What runs reader and painter.
        named: Names and SHA-256 of the two files.
    """

    style_reader: Session
    reader: Session
    painter: Session
    runtime: str
    named: list[dict[str, str]]

    def read(self, style: Picture, longest: int) -> list[Statistics]:
        """Return what is kept of a style picture, scaled to a longest side in pixels."""
        longest = min(longest, MOST_STYLE)
        longest = max(longest, LEAST_STYLE * max(style.size) // min(style.size))
        width, height = (
            max(LEAST_STYLE, round(side / CELL) * CELL) for side in fitted_size(style.size, longest)
        )
        pixels = style.filled().resized((width, height)).pixels[None]
        maps = self.style_reader(picture=pixels, **UNCHANGED._asdict())
        return [statistics(each) for each in maps]

    def paint(
        self, pixels: Array, palette: Palette, wanted: Sequence[Coloring], strength: float = 1
    ) -> Array:
        """Return (H, W, 3) float32 in [0, 1] stylized, any height and width from 1 on.

        Args:
            pixels: (H, W, 3) float32 in [0, 1].
            palette: How colors change before.
            wanted: What each map of features is given.
            strength: How much of it.
        """
        height, width = pixels.shape[:2]
        edges = [(0, -side % CELL) for side in (height, width)]
        if any(after for _, after in edges):
            pixels = np.pad(pixels, [*edges, (0, 0)], mode="edge")
        picture = np.ascontiguousarray(pixels)[None]
        maps = self.reader(picture=picture, **palette._asdict())
        far, near = (
            transfer(statistics(each), style, strength)(each)
            for each, style in zip(maps, wanted, strict=True)
        )
        (painted,) = self.painter(far=far, near=near)
        return painted[0, :height, :width]


def open_network(
    runtime: str = "auto", device: str = "auto", weights: str | None = None
) -> Network:
    """Find and open both files.

    Args:
        runtime: What runs them.
        device: Where: auto, cpu, cuda or mps.
        weights: A painter.onnx with its reader.onnx beside it; None: the bundled ones.

    Raises:
        SettingsError: The device is not there.
        MissingExtraError: The runtime is not installed.
        WeightsError: A file is missing or damaged.
    """
    if weights is None:
        paths = [fetch("reader"), fetch("painter")]
    else:
        painter_path = Path(weights)
        paths = [painter_path.with_name("reader.onnx"), painter_path]
    reader, painter = (open_session(path, runtime, device) for path in paths)
    runtime = painter.name.partition(" ")[0]
    # A style is read once: no compiling for its size pays.
    compiles = runtime == "openvino"
    style_reader = open_session(paths[0], "onnxruntime", device) if compiles else reader
    named = [{"name": path.name, "sha256": sha256_of(path)} for path in paths]
    return Network(style_reader, reader, painter, runtime, named)
