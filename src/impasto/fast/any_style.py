"""Our own network: any style in one pass.

A graph reads a style once, into a code, and another one paints with it. All that happens to a
picture is in that graph: see `impasto.training.any_style_graph`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impasto.fast.network import Files, Network, StyleCode, scaled
from impasto.fast.opening import open_painter, open_style_reader
from impasto.fast.sessions import Array, Session
from impasto.fast.shot import PACE, Shot, still_grain
from impasto.fast.statistics import mixed_arrays
from impasto.images import Picture
from impasto.settings import Settings
from impasto.settings.methods import Method
from impasto.weights.any_style import CELL

#: The painter's inputs if it has its one style within.
ONE_STYLE = {"picture", "strength", "grain", "held", "pace"}


def open_network(row: Method, settings: Settings, files: Files) -> Network:
    """Open the network."""
    painter = open_painter(files["any-style"], settings)
    return AnyStyleNetwork(row, files, painter, open_style_reader(files["style-reader"], settings))


@dataclass
class AnyStyleNetwork(Network):
    """Paints in the style that a code stands for.

    Attributes:
        style_reader: `style_reader.onnx`; None: the painter has its one style within.
        length: Of a code, where the painter takes none.
    """

    style_reader: Session | None = None
    length: int = 0

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return the code of a style."""
        if self.style_reader is None:
            return super().read(style, longest)
        (code,) = self.style_reader(picture=scaled(style, longest, CELL))
        return code

    def mixed(self, codes: Sequence[StyleCode], shares: Sequence[float]) -> StyleCode:
        """Return the code of a mixture of styles."""
        if self.style_reader is None:
            return np.zeros(self.length, np.float32)
        return mixed_arrays(codes, shares)

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        size = content.height, content.width
        held = None if shot is None else shot.kept.get("statistics")
        given = {} if self.style_reader is None else {"code": code}
        stylized, used = self.painter(
            picture=np.ascontiguousarray(content.filled().pixels)[None],
            strength=np.array(strength, np.float32),
            grain=still_grain(*size) if shot is None else shot.grain(*size),
            held=np.zeros_like(code) if held is None else held,
            pace=np.array(1 if held is None else PACE, np.float32),
            **given,
        )
        if shot is not None:
            shot.kept["statistics"] = used.copy()
        painted: Array = stylized[0]
        return painted
