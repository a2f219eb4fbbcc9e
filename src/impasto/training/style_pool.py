"""Styles to learn from: crops of paintings with their statistics in VGG-19, a few used often."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.networks.any_style import CELL
from impasto.networks.whitening import (
    OF_COLORS,
    Coloring,
    roots,
    statistics,
    transferred,
)
from impasto.settings.choices import STYLE_LAYERS
from impasto.training.crops import Dice, crop
from impasto.training.vgg_loss import FusedVgg, gram_matrices

_LONGEST, _SHORTEST, _LEAST = 512, 288, 96
"""Longest side of a style, at most and at least, and least side."""
_WHOLE, _RECOLORED = 0.4, 0.25
"""Parts of the styles that are whole paintings, and that get other colors."""


@dataclass(frozen=True)
class PooledStyle:
    """A style as it is learned from.

    Attributes:
        picture: (1, 3, H, W) uint8, sides multiples of `CELL`.
        grams: Gram matrices (1, C, C) by layer, as the network computes.
        means: Mean features (1, C) by layer.
    """

    picture: Tensor
    grams: dict[str, Tensor]
    means: dict[str, Tensor]

    @property
    def image(self) -> Tensor:
        """The picture, (1, 3, H, W) float32 in [0, 1]."""
        return self.picture.float() / 255


class StylePool:
    """The styles of the last steps, each a function of its number and the seed.

    To compute the statistics of a style takes as long as a large part of a step, so each one is
    used a few times. What is in the pool at a step depends on nothing but the step: a resumed
    training sees the same.

    Args:
        paintings: (3, H, W) uint8 each.
        vgg: Computes the statistics.
        seed: Of everything random.
        size: Styles in the pool.
        fresh: New ones for each one used.
    """

    def __init__(
        self, paintings: Sequence[Tensor], vgg: FusedVgg, seed: int, size: int, fresh: float
    ) -> None:
        self.paintings, self.vgg, self.seed = paintings, vgg, seed
        self.size, self.fresh = size, fresh
        self._made: OrderedDict[int, PooledStyle] = OrderedDict()

    def pick(self, step: int, count: int, dice: Dice) -> list[PooledStyle]:
        """Return styles for a step.

        Args:
            step: Its number.
            count: How many.
            dice: What is random.
        """
        newest = int(step * count * self.fresh)
        return [self._style(newest + dice.below(self.size)) for _ in range(count)]

    def _style(self, number: int) -> PooledStyle:
        if number not in self._made:
            self._made[number] = self._make(number)
            while len(self._made) > self.size:
                self._made.popitem(last=False)
        self._made.move_to_end(number)
        return self._made[number]

    @torch.no_grad()
    def _make(self, number: int) -> PooledStyle:
        device = self.paintings[0].device
        dice = Dice(self.seed, 2**40 + number, device)
        image = _excerpt(self.paintings[dice.below(len(self.paintings))], dice)
        if dice.chance(_RECOLORED):
            image = recolored(image, crop(self.paintings, 128, dice), dice)
        picture = (image * 255).round().to(torch.uint8)
        features = self.vgg(picture.float() / 255, STYLE_LAYERS)
        grams = gram_matrices(features)
        return PooledStyle(
            picture,
            {name: gram.to(self.vgg.precision) for name, gram in grams.items()},
            {name: each.float().mean((2, 3)) for name, each in features.items()},
        )


def _excerpt(painting: Tensor, dice: Dice) -> Tensor:
    """Return a painting or a part of it, (1, 3, H, W), as large as styles are looked at."""
    height, width = painting.shape[1:]
    part = 1.0 if dice.chance(_WHOLE) else dice.between(0.5, 1)
    rows, columns = int(height * part), int(width * part)
    top, left = dice.below(height - rows + 1), dice.below(width - columns + 1)
    image = painting[None, :, top : top + rows, left : left + columns].float() / 255
    if dice.chance(0.5):
        image = image.flip(3)
    scale = dice.between(_SHORTEST, _LONGEST) / max(rows, columns)
    size = [max(_LEAST, round(side * scale) // CELL * CELL) for side in (rows, columns)]
    return F.interpolate(image, size, mode="bilinear", antialias=True).clamp(0, 1)


def recolored(image: Tensor, other: Tensor, dice: Dice) -> Tensor:
    """Return (1, 3, H, W) in the colors of another picture, or with its own mixed a little."""
    if dice.chance(0.5):
        found = statistics(other, *OF_COLORS)
        wanted = Coloring(found.mean, roots(found.covariance)[0])
        return transferred(image, wanted, *OF_COLORS).clamp(0, 1)
    mixing = torch.eye(3, device=image.device) + 0.15 * dice.normal((3, 3))
    moved = torch.einsum("ij,njhw->nihw", mixing, image - 0.5)
    return (moved + 0.5 + dice.between(-0.15, 0.15)).clamp(0, 1)
