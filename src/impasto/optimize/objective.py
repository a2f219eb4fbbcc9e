"""What the optimizer minimizes: content, style and smoothness of one octave, in one number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import SettingsError
from impasto.perception import (
    SAMPLED_LAYERS,
    Encoder,
    canonical,
    content_loss,
    gram_matrix,
    relative_content_loss,
    relative_style_loss,
    style_loss,
    tv_loss,
)
from impasto.settings import Settings
from impasto.shares import shares_of

Grams = Mapping[str, Tensor]
Masks = Mapping[str, Tensor | None]

CONTENT_LOSSES: Mapping[str, Callable[[Tensor, Tensor, Tensor | None], Tensor]] = {
    "relative": relative_content_loss,
    "gatys": content_loss,
}
STYLE_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "relative": relative_style_loss,
    "gatys": style_loss,
}


class Anchor(NamedTuple):
    """A picture to stay near: what was painted before, moved along (Ruder et al. 2018).

    Attributes:
        image: (1, 3, H, W) in [0, 1].
        trust: (1, 1, H, W), from 0 to 1: where it counts.
    """

    image: Tensor
    trust: Tensor


@dataclass(frozen=True)
class Losses:
    """The parts of the loss of one picture, unweighted, and their weighted sum; tensors () ."""

    total: Tensor
    content: Tensor
    style: Tensor
    tv: Tensor


def layer_weights(names: Sequence[str], given: Sequence[float] | None) -> dict[str, float]:
    """Return each layer's weight by canonical name; where none are given, 1/L each, as in Gatys.

    Raises:
        SettingsError: A layer does not exist, or is named twice.
    """
    weights = given or [1 / len(names)] * len(names)
    layers = {canonical(name): weight for name, weight in zip(names, weights, strict=True)}
    if len(layers) < len(names):
        raise SettingsError(f"a layer is named twice in {', '.join(names)}: name each one once")
    return layers


def layers_of(settings: Settings) -> set[str]:
    """Return the canonical names of all layers that the losses look at.

    Raises:
        SettingsError: One does not exist, or is named twice.
    """
    names = (settings.style_layers, settings.content_layers)
    return {layer for each in names for layer in layer_weights(each, None)}


def wants_whole_layers(settings: Settings) -> bool:
    """Tell whether every step must see the encoder's largest layers whole, not in phases.

    L-BFGS compares gradients, so it must always see the same; and content has its place.
    """
    content = layer_weights(settings.content_layers, None)
    return settings.optimizer == "lbfgs" or not content.keys().isdisjoint(SAMPLED_LAYERS)


@torch.no_grad()
def style_targets(
    encoder: Encoder, image: Tensor, alpha: Tensor | None, layers: Sequence[str]
) -> Grams:
    """Return the Gram matrix of each layer for one style picture.

    Args:
        encoder: The network.
        image: (1, 3, H, W) in [0, 1].
        alpha: (1, 1, H, W) in [0, 1], or None: transparent pixels take no part.
        layers: Canonical names.
    """
    features = encoder(image, layers)
    return {name: gram_matrix(f, _like(alpha, f)) for name, f in features.items()}


class Objective:
    """Picture -> losses, with all targets fixed at construction.

    Total = content_weight · content + style_weight · style + tv_weight · tv (Gatys et al., eq. 7,
    and the smoothness of Mahendran & Vedaldi 2015) + anchor_weight · the mean squared distance to
    each anchor, where that is trusted.

    Args:
        encoder: The network.
        settings: Layers, weights and the form of the losses.
        content: (1, 3, H, W) in [0, 1].
        alpha: (1, 1, H, W) in [0, 1], or None: transparent pixels take no part in any loss.
        styles: The targets of each style picture, from `style_targets`.
        anchors: Pictures to stay near.
        anchor_weight: How much that counts.
    """

    def __init__(
        self,
        encoder: Encoder,
        settings: Settings,
        content: Tensor,
        alpha: Tensor | None,
        styles: Sequence[Grams],
        anchors: Sequence[Anchor] = (),
        anchor_weight: float = 0.0,
    ) -> None:
        self.anchors, self.anchor_weight = anchors, anchor_weight
        self.encoder = encoder
        self.weights = settings.loss_weights
        self.content_layers = layer_weights(settings.content_layers, settings.content_layer_weights)
        self.style_layers = layer_weights(settings.style_layers, settings.style_layer_weights)
        self.layers = tuple({**self.content_layers, **self.style_layers})
        self.content_loss = CONTENT_LOSSES[settings.loss]
        self.style_loss = STYLE_LOSSES[settings.loss]
        self.styles = styles
        self.shares = shares_of(settings, len(styles))
        self.alpha = alpha
        with torch.no_grad():
            features = encoder(content, tuple(self.content_layers))
        self.content = {name: f.float() for name, f in features.items()}

    def __call__(self, image: Tensor, phase: int | None = None) -> Losses:
        """Return the losses of a picture; differentiable.

        Args:
            image: (1, 3, H, W) in [0, 1].
            phase: Which part of the largest layers to look at (see `Encoder`); None: all.
        """
        features = self.encoder(image, self.layers, phase)
        masks = {name: _like(self.alpha, f) for name, f in features.items()}
        content = self._content(features, masks)
        style = self._style(features, masks)
        tv = tv_loss(image, self.alpha)
        alpha, beta, gamma = self.weights
        total = alpha * content + beta * style + gamma * tv
        for anchor in self.anchors:
            apart = (anchor.trust * (image - anchor.image).square()).mean()
            total = total + self.anchor_weight * apart
        return Losses(total, content, style, tv)

    def _content(self, features: Mapping[str, Tensor], masks: Masks) -> Tensor:
        parts = [
            weight * self.content_loss(features[name], self.content[name], masks[name])
            for name, weight in self.content_layers.items()
        ]
        return torch.stack(parts).sum()

    def _style(self, features: Mapping[str, Tensor], masks: Masks) -> Tensor:
        parts = []
        for name, weight in self.style_layers.items():
            gram = gram_matrix(features[name], masks[name])
            for share, targets in zip(self.shares, self.styles, strict=True):
                parts.append(weight * share * self.style_loss(gram, targets[name]))
        return torch.stack(parts).sum()


def _like(alpha: Tensor | None, features: Tensor) -> Tensor | None:
    """Return alpha at the features' resolution: (1, 1, h, w)."""
    if alpha is None:
        return None
    return F.interpolate(alpha, features.shape[2:], mode="area")
