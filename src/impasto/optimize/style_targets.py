"""Styles as targets: read with encoders once for each size, mixed with the photograph's own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch

from impasto.images import Identity, Picture, match_colors
from impasto.losses import LayerStatistics, required_statistics
from impasto.networks import Encoder
from impasto.optimize.pyramid import alpha_tensor, style_size, to_tensor
from impasto.optimize.schedule import Octave
from impasto.optimize.tiles import SpatialWeight, StyleStatistics, TiledEncoder
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS

#: Layers whose targets come from `fine_style`: what they see at once is 15 pixels wide or less
#: (scale control of Gatys et al. 2017, "Controlling Perceptual Factors", section 6).
FINE_LAYERS = ("relu1_1", "relu1_2", "relu2_1", "relu2_2")


class StyleTarget(NamedTuple):
    """A style to come to.

    Attributes:
        target: What is known of it, or of a mixture of it and the photograph.
        share: Its part of the style loss.
        region: Number of the region where it applies.
        amount: How much of the mixture is the style.
        style: What is known of the style itself; None: that is the target.
    """

    target: StyleStatistics
    share: float = 1.0
    region: int = 0
    amount: float = 1.0
    style: StyleStatistics | None = None

    def of(self, layer: str, mixes: bool) -> tuple[LayerStatistics, float]:
        """Return what a layer is to come to, for a loss that `mixes` or not, and its share."""
        if mixes or self.style is None:
            return self.target[layer], self.share
        return self.style[layer], self.share * self.amount

    def mixed(self, own: StyleStatistics, amount: float) -> StyleTarget:
        """Return it with this much of the style, and the photograph's own for the rest."""
        mixed = {name: own[name].mixed(style, amount) for name, style in self.target.items()}
        return self._replace(target=mixed, amount=amount, style=self.target)


def mixture(strength: float, encoder: str) -> float:
    """Return how much of the style's statistics goes into the targets at a strength.

    Gram matrices mixed with a part m of the style's are (1 - m)² as far from it as the photograph's
    are, and a rest is left whatever is asked for (`EncoderRow.left`). With this m, each step of
    strength makes the distance smaller by about the same factor: half of the strength is half of
    the way as VGG-19 sees it.
    """
    left = ENCODERS[encoder].left
    return 1 - math.sqrt((left**strength - left) / (1 - left))


@dataclass
class StyleReader:
    """Reads styles with encoders, each once for each size of an octave.

    Attributes:
        settings: Those of the run.
        encoders: By name.
        layers: Canonical names of those that hold the style.
        narrowest: Shorter side below which a layer sees nothing.
        gray_styles: Whether each is gray.
        fine: The picture for the fine texture, or None.
        kept: What was read, by number of the style, encoder and longest side of the octave.
    """

    settings: Settings
    encoders: Mapping[str, Encoder]
    layers: Sequence[str]
    narrowest: int
    device: torch.device
    precision: torch.dtype
    styles: Sequence[Picture]
    identities: Sequence[Identity]
    gray_styles: Sequence[bool]
    fine: Picture | None = None
    fine_identity: Identity | None = None
    kept: dict[tuple[int, str, int], StyleStatistics] = field(default_factory=dict)

    def __call__(
        self, octave: Octave, pictures: Sequence[Picture] | None = None, side: int | None = None
    ) -> list[StyleStatistics]:
        """Return what is to be known of each style at an octave, looked at in tiles of this side.

        `pictures` are the styles with their colors changed for one content; None: as they are, and
        what is known of them is kept for the next content.
        """
        if pictures is not None:
            return [self._target(picture, octave, side) for picture in pictures]
        keys = [(i, octave.encoder, max(octave.size)) for i in range(len(self.styles))]
        for key, picture in zip(keys, self.styles, strict=True):
            if key not in self.kept:
                self.kept[key] = self._target(picture, octave, side)
        return [self.kept[key] for key in keys]

    def _target(self, picture: Picture, octave: Octave, side: int | None) -> StyleStatistics:
        target = self._statistics(picture, octave, side)
        if self.fine is None:
            return target
        pixels = match_colors(self.fine.pixels, picture.pixels, self.fine.alpha, picture.alpha)
        finer = self._statistics(replace(self.fine, pixels=pixels), octave, side)
        return {name: (finer if name in FINE_LAYERS else target)[name] for name in target}

    def _statistics(self, picture: Picture, octave: Octave, side: int | None) -> StyleStatistics:
        longest = round(max(octave.size) * self.settings.style_scale)
        size = style_size(picture.size, longest, self.narrowest)
        image = to_tensor(picture.filled(), size, self.device)
        alpha = SpatialWeight(alpha_tensor(picture, size, self.device))
        tiled = TiledEncoder(self.encoders[octave.encoder], size, side)
        required = required_statistics(self.settings.style_losses)
        return tiled.statistics(image, self.layers, required, alpha)
