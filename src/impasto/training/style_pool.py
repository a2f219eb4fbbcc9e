"""Styles to learn from: crops of paintings with their statistics in VGG-19, a few used often."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from impasto.networks.whitening import OF_COLORS, Coloring, roots, statistics, transferred
from impasto.settings.choices import STYLE_LAYERS
from impasto.training.crops import crop, random_part, resized
from impasto.training.rng import Rng
from impasto.training.vgg_loss import FusedVgg, gram_matrices
from impasto.weights.any_style import CELL

_LONGEST, _SHORTEST, _LEAST = 512, 288, 96
"""Longest side of a style, at most and at least, and least side."""
_WHOLE, _RECOLORED = 0.4, 0.25
"""Parts of the styles that are whole paintings, and that get other colors."""


@dataclass(frozen=True)
class Style:
    """A style as it is learned from.

    Attributes:
        picture: (1, 3, H, W) uint8, sides multiples of `CELL`.
        grams: Gram matrices (1, C, C) by layer.
        means: Mean features (1, C) by layer.
    """

    picture: Tensor
    grams: dict[str, Tensor]
    means: dict[str, Tensor]

    @property
    def image(self) -> Tensor:
        """The picture, (1, 3, H, W) float32 in [0, 1]."""
        return self.picture.float() / 255


@torch.no_grad()
def style_of(image: Tensor, vgg: FusedVgg) -> Style:
    """Return what is learned from (1, 3, H, W) in [0, 1], sides multiples of `CELL`."""
    picture = (image * 255).round().to(torch.uint8)
    features = vgg(picture.float() / 255, STYLE_LAYERS)
    means = {name: each.float().mean((2, 3)) for name, each in features.items()}
    return Style(picture, gram_matrices(features), means)


class StylePool:
    """The styles of the last steps, each a function of its number and the seed.

    Computing the statistics of a style takes as long as a large part of a step, so each one is used
    a few times. What is in the pool at a step depends on nothing but the step: a resumed training
    sees the same.

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
        self._style = lru_cache(size)(self._make)

    def pick(self, step: int, count: int, rng: Rng) -> list[Style]:
        """Return so many styles for a step, at random."""
        newest = int(step * count * self.fresh)
        return [self._style(newest + rng.integer(self.size)) for _ in range(count)]

    @torch.no_grad()
    def _make(self, number: int) -> Style:
        rng = Rng(self.seed, 2**40 + number, self.paintings[0].device)
        image = _excerpt(self.paintings[rng.integer(len(self.paintings))], rng)
        if rng.bernoulli(_RECOLORED):
            image = recolored(image, crop(self.paintings, 128, rng), rng)
        style = style_of(image, self.vgg)
        # Many are kept, so they are kept as the network computes.
        grams = {name: gram.to(self.vgg.precision) for name, gram in style.grams.items()}
        return replace(style, grams=grams)


def _excerpt(painting: Tensor, rng: Rng) -> Tensor:
    """Return a painting or a part of it, (1, 3, H, W), as large as styles usually are."""
    height, width = painting.shape[1:]
    part = 1.0 if rng.bernoulli(_WHOLE) else rng.uniform(0.5, 1)
    sides = int(height * part), int(width * part)
    image = random_part(painting, sides, rng)
    scale = rng.uniform(_SHORTEST, _LONGEST) / max(sides)
    return resized(image, [max(_LEAST, round(side * scale) // CELL * CELL) for side in sides])


def recolored(image: Tensor, other: Tensor, rng: Rng) -> Tensor:
    """Return (1, 3, H, W) in the colors of another picture, or with its own mixed a little."""
    if rng.bernoulli(0.5):
        found = statistics(other, *OF_COLORS)
        wanted = Coloring(found.mean, roots(found.covariance)[0])
        return transferred(image, wanted, *OF_COLORS).clamp(0, 1)
    mixing = torch.eye(3, device=image.device) + 0.15 * rng.normal((3, 3))
    moved = torch.einsum("ij,njhw->nihw", mixing, image - 0.5)
    return (moved + 0.5 + rng.uniform(-0.15, 0.15)).clamp(0, 1)
