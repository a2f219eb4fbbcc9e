"""What a picture is to come to at an octave: content, styles in their regions, what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from impasto.losses import Summary
from impasto.optimize.sight import Summaries

#: How much more content counts where a picture is to be kept.
KEEPS = 4.0


class Anchor(NamedTuple):
    """A picture to stay near: what was painted before, moved along (Ruder et al. 2018).

    Attributes:
        image: (1, 3, H, W) in [0, 1].
        trust: (1, 1, H, W), from 0 to 1: where it counts.
    """

    image: Tensor
    trust: Tensor


class Aim(NamedTuple):
    """A style to come to.

    Attributes:
        target: What is known of it, or of a mixture of it and the photograph.
        share: Its part of the style loss.
        region: Number of the region where it applies.
        amount: How much of the mixture is the style.
        style: What is known of the style itself; None: that is the target.
    """

    target: Summaries
    share: float = 1.0
    region: int = 0
    amount: float = 1.0
    style: Summaries | None = None

    def of(self, layer: str, mixes: bool) -> tuple[Summary, float]:
        """Return what a layer is to come to and the part of the style loss.

        Args:
            layer: Its name.
            mixes: Whether the loss takes mixtures, see `StyleLoss`.
        """
        if mixes or self.style is None:
            return self.target[layer], self.share
        return self.style[layer], self.share * self.amount


@dataclass(frozen=True)
class Wanted:
    """What a picture is to come to at an octave.

    Attributes:
        content: (1, 3, H, W) in [0, 1].
        aims: The styles.
        alpha: (1, 1, H, W) in [0, 1], or None: transparent pixels take no part in any loss.
        regions: (1, 1, H, W) in [0, 1] each, or None: where alpha is. Guided Gram matrices (Gatys
            et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer").
        keep: (1, 1, H, W) in [0, 1], or None: where content counts more.
        anchors: Pictures to stay near.
        anchor_weight: How much that counts.
        forms: (1, 3, h, w), what the octave before came to, or None: it is refined, not changed.
    """

    content: Tensor
    aims: Sequence[Aim]
    alpha: Tensor | None = None
    regions: Sequence[Tensor | None] = (None,)
    keep: Tensor | None = None
    anchors: Sequence[Anchor] = ()
    anchor_weight: float = 0.0
    forms: Tensor | None = None

    @property
    def painted(self) -> list[Tensor | None]:
        """Where each style applies: not where there is nothing, nor what is kept."""
        free = None if self.keep is None else 1 - self.keep
        return [product(product(region, self.alpha), free) for region in self.regions]

    @property
    def held(self) -> Tensor | None:
        """How much content counts, place by place."""
        more = None if self.keep is None else 1 + KEEPS * self.keep
        return product(self.alpha, more)


def product(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    """Return where both count; None: everywhere."""
    if a is None or b is None:
        return b if a is None else a
    return a * b
