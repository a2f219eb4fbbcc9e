"""The any-style network: two ONNX files that `impasto export` made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from impasto.fast.palette import Palette
from impasto.fast.sessions import Array, Session, open_session
from impasto.images import Picture, fitted_size
from impasto.weights import fetch, sha256_of

#: Sides of what the networks see are multiples of this.
CELL, READER_CELL = 8, 16
#: Longest side of a style picture that is read, and shorter side of any.
MOST_STYLE, LEAST_STYLE = 1024, 32


@dataclass(frozen=True)
class Network:
    """Reader and painter.

    Attributes:
        reader: Style picture -> numbers.
        painter: Content, palette and numbers -> stylized picture.
        runtime: What runs the painter.
        named: Names and SHA-256 of the two files.
    """

    reader: Session
    painter: Session
    runtime: str
    named: list[dict[str, str]]

    def read(self, style: Picture, longest: int) -> Array:
        """Return the numbers (1, M) of a style picture, scaled to a longest side in pixels."""
        longest = min(longest, MOST_STYLE)
        longest = max(longest, LEAST_STYLE * max(style.size) // min(style.size))
        width, height = (
            max(LEAST_STYLE, round(side / READER_CELL) * READER_CELL)
            for side in fitted_size(style.size, longest)
        )
        return self.reader(style=style.filled().resized((width, height)).pixels[None])

    def paint(self, pixels: Array, palette: Palette, numbers: Array) -> Array:
        """Return (H, W, 3) float32 in [0, 1] stylized, any height and width from 1 on."""
        height, width = pixels.shape[:2]
        edges = [(0, -side % CELL) for side in (height, width)]
        if any(after for _, after in edges):
            pixels = np.pad(pixels, [*edges, (0, 0)], mode="edge")
        whole = self.painter(
            content=np.ascontiguousarray(pixels)[None],
            matrix=palette.matrix,
            offset=palette.offset,
            numbers=numbers,
        )
        return whole[0, :height, :width]


def open_network(
    runtime: str = "auto", device: str = "auto", weights: str | None = None
) -> Network:
    """Find and open both files.

    Args:
        runtime: What runs the painter.
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
    # The reader runs once per style: no compiling for its size pays.
    reader = open_session(paths[0], "onnxruntime", device)
    painter = open_session(paths[1], runtime, device)
    named = [{"name": path.name, "sha256": sha256_of(path)} for path in paths]
    return Network(reader, painter, painter.name.partition(" ")[0], named)
