"""Our own network: any style in one pass.

A graph reads a style once, into a code, and another one paints with it. All that happens to a
picture is in that graph: see `impasto.training.any_style_graph`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impasto.errors import SettingsError
from impasto.fast.grain import still_grain
from impasto.fast.network import Look, scaled
from impasto.fast.sessions import Array, Session
from impasto.fast.shot import PACE, Shot
from impasto.images import Picture
from impasto.weights.any_style import CELL

#: Of memory at its peak, measured at 4096x2160 in either runtime.
BYTES_PER_PIXEL = 100
#: The painter's inputs if it has its one style within.
ONE_STYLE = {"picture", "strength", "grain", "held", "pace"}


@dataclass
class AnyStyleNetwork:
    """Paints in the style that a code stands for.

    Attributes:
        painter: `any_style.onnx`.
        style_reader: `style_reader.onnx`; None: the painter has its one style within.
        length: Of a code, where the painter takes none.
    """

    title: str
    runtime: str
    machine: str
    named: list[dict[str, str]]
    bytes_per_pixel: int
    painter: Session
    style_reader: Session | None = None
    length: int = 0

    def read(self, style: Picture, longest: int) -> Look:
        """Return the code of a style.

        Raises:
            SettingsError: The network has its own.
        """
        if self.style_reader is None:
            raise SettingsError(f"{self.title} knows one style: leave the style pictures out")
        (code,) = self.style_reader(picture=scaled(style, longest, CELL))
        return code

    def mixed(self, looks: Sequence[Look], shares: Sequence[float]) -> Look:
        """Return the code of a mixture of styles."""
        if self.style_reader is None:
            return np.zeros(self.length, np.float32)
        parts = (np.float32(share) * code for share, code in zip(shares, looks, strict=True))
        return np.asarray(sum(parts))

    def paint(
        self, content: Picture, look: Look, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        size = content.height, content.width
        held = None if shot is None else shot.kept.get("statistics")
        code = {} if self.style_reader is None else {"code": look}
        stylized, used = self.painter(
            picture=np.ascontiguousarray(content.filled().pixels)[None],
            strength=np.array(strength, np.float32),
            grain=still_grain(*size) if shot is None else shot.grain(*size),
            held=np.zeros_like(look) if held is None else held,
            pace=np.array(1 if held is None else PACE, np.float32),
            **code,
        )
        if shot is not None:
            shot.kept["statistics"] = used.copy()
        painted: Array = stylized[0]
        return painted
