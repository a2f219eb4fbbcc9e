"""What the optimizer minimizes: content, style and smoothness of one octave, in one number."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto import losses
from impasto.losses import STYLE_LOSSES, LayerStatistics, RequiredStatistics
from impasto.losses.style import Distance
from impasto.networks import SAMPLED_LAYERS, Encoder
from impasto.optimize.pyramid import layer_weights
from impasto.optimize.targets import KEEP_WEIGHT, OctaveTargets, product
from impasto.optimize.tiles import SpatialWeight, TiledEncoder, TileFeatures
from impasto.settings import Settings

#: Weight of the distance to the result of the octave before, in a large octave.
COARSE_WEIGHT = 40.0
#: How much more smoothness counts where the content is flat: noise there falls by 30 %.
FLATNESS = 3.5
#: Positions whose self-similarity is compared, as in STROTSS.
SELF_SIMILARITY_SAMPLES = 1024
#: Which statistics: a region and a style layer, or "content" and its layer.
Key = tuple[int | str, str]
#: The statistics of a picture, or of a tile of it; tiles add up.
ImageStatistics = dict[Key, LayerStatistics]


class StyleTerm(NamedTuple):
    """One style loss of one layer of one style."""

    key: tuple[int, str]
    target: LayerStatistics
    weight: float
    distance: Distance


class Losses(NamedTuple):
    """The losses of one picture as a `State` has them: tensors (), a weighted sum and its parts."""

    loss: Tensor
    content_loss: Tensor
    style_loss: Tensor
    tv_loss: Tensor


def needs_full_resolution(settings: Settings) -> bool:
    """Return whether every step must see the encoder's largest layers whole, not subsampled.

    L-BFGS compares gradients, so it must always see the same; and content must stay in its place.
    """
    content = layer_weights(settings.content_layers, None)
    return settings.optimizer == "lbfgs" or not content.keys().isdisjoint(SAMPLED_LAYERS)


class Objective:
    """Maps a picture to its losses; all targets are fixed at construction.

    Total = content_weight · content + style_weight · style + tv_weight · tv (Gatys et al., eq. 7,
    and the smoothness of Mahendran & Vedaldi 2015, more of it where the content is flat) +
    anchor_weight · the mean squared distance to each anchor, where that is trusted. The picture is
    encoded in tiles whose sides are at most `side`; None: whole.
    """

    def __init__(
        self, encoder: Encoder, settings: Settings, targets: OctaveTargets, side: int | None = None
    ) -> None:
        self.encoder, self.settings, self.targets = encoder, settings, targets
        self.weights = settings.loss_weights
        self.subsamples = encoder.phases > 1 and not needs_full_resolution(settings)
        self.content_layers = layer_weights(settings.content_layers, settings.content_layer_weights)
        self.style_layers = layer_weights(settings.style_layers, settings.style_layer_weights)
        self.layers = tuple({**self.content_layers, **self.style_layers})
        self.style_terms = self._style_terms()
        self.alpha = SpatialWeight(targets.alpha)
        more = None if targets.keep is None else 1 + KEEP_WEIGHT * targets.keep
        self.content_weight_map = SpatialWeight(product(targets.alpha, more))
        self.required = self._required()
        # Near the means that features of a region will have: those of its first style.
        self.centers: dict[Key, Tensor | None] = {
            (style.region, layer): style.target[layer].center
            for style in reversed(targets.styles)
            for layer in self.style_layers
        }
        flat = losses.flatness(targets.content).mul_(FLATNESS).add_(1)
        flat = flat if targets.alpha is None else flat * targets.alpha
        self.flatness_weight = self._with_border(flat)
        # The summed weights of all pairs of neighbors: across, and down.
        self.pair_counts = [
            torch.minimum(second, first).sum().clamp_min(1)
            for second, first, _ in losses.neighbors(self.flatness_weight)
        ]
        size = (targets.content.shape[3], targets.content.shape[2])
        self.tiled = TiledEncoder(encoder, size, side, settings.tileable)
        found = self.tiled.features(targets.content, tuple(self.content_layers))
        # In 16 bits where there are tiles: the picture is large then.
        self.content = {name: f if side else f.float() for name, f in found.items()}
        self.content_scales = {name: self._content_scale(name) for name in self.content_layers}

    def __call__(self, image: Tensor, subsample_phase: int | None = None, step: int = 0) -> Losses:
        """Return the losses of a whole picture, (1, 3, H, W) in [0, 1].

        The encoder's largest layers are subsampled at one phase (see `Encoder`); None: not at all.
        """
        tile = self.tiled.tiles[0]
        views = self.tiled.views(tile.cut(image), tile, self.layers, subsample_phase)
        found = self.statistics(views, step)
        content = self.content_loss(views) + self.self_similarity_loss(found, step)
        tv = losses.tv_loss(self._with_border(image), self.flatness_weight)
        return self.total(content, self.style_loss(found, step), tv, self.anchor_loss(image))

    def statistics(self, views: Mapping[str, TileFeatures], step: int) -> ImageStatistics:
        """Return the statistics of a picture, or what a tile adds to them."""
        found: ImageStatistics = {}
        for key, (required, weight) in self.required.items():
            view, positions = views[key[1]], None
            if required.samples:
                positions = self._draw(required.samples, view.shape, weight, key[1], step)
            found[key] = losses.layer_statistics(
                view.features,
                required,
                weight=weight.at(view.shape),
                center=self.centers.get(key),
                positions=positions,
                shape=view.shape,
                corner=view.corner,
            )
        return found

    def style_loss(self, statistics: ImageStatistics, step: int) -> Tensor:
        """Return the style loss of the statistics of a whole picture."""
        parts = [
            term.weight
            * term.distance(statistics[term.key], term.target, self._seed(term.key[1], step))
            for term in self.style_terms
        ]
        return torch.stack(parts).sum()

    def _required(self) -> dict[Key, tuple[RequiredStatistics, SpatialWeight]]:
        """Return the statistics that the losses compare, and how much each position counts."""
        required = losses.required_statistics(self.settings.style_losses)
        regions = [SpatialWeight(region) for region in self.targets.style_regions]
        found: dict[Key, tuple[RequiredStatistics, SpatialWeight]] = {
            (number, layer): (required, region)
            for number, region in enumerate(regions)
            for layer in self.style_layers
        }
        if "self-similarity" in self.settings.content_losses:
            samples = RequiredStatistics(samples=SELF_SIMILARITY_SAMPLES), self.alpha
            found |= {("content", layer): samples for layer in self.content_layers}
        return found

    def _style_terms(self) -> list[StyleTerm]:
        distances = {name: STYLE_LOSSES[name].distance for name in self.settings.style_losses}
        if self.settings.loss == "gatys" and "gram" in distances:  # the form of the paper
            distances["gram"] = lambda found, target, _: losses.style_loss(found.gram, target.gram)
        terms = []
        for layer, weight in self.style_layers.items():
            for style in self.targets.styles:
                for name, distance in distances.items():
                    target, share = style.for_layer(layer, STYLE_LOSSES[name].mixes)
                    part = weight * share / len(distances)
                    terms.append(StyleTerm((style.region, layer), target, part, distance))
        return terms

    def self_similarity_loss(self, statistics: ImageStatistics, step: int) -> Tensor | float:
        """Return the self-similarity part of the content loss, or 0."""
        if "self-similarity" not in self.settings.content_losses:
            return 0.0
        parts = []
        for name, weight in self.content_layers.items():
            found, whole = statistics["content", name].samples, self.content[name]
            assert found is not None
            shape = (whole.shape[2], whole.shape[3])
            positions = self._draw(SELF_SIMILARITY_SAMPLES, shape, self.alpha, name, step)
            target = whole[0].flatten(1)[:, positions.to(whole.device)].T.to(found.dtype)
            parts.append(weight * losses.self_similarity_loss(found, target))
        return torch.stack(parts).sum()

    def content_loss(self, views: Mapping[str, TileFeatures]) -> Tensor | float:
        """Return the distance of features to the content's, or a tile's part of it."""
        if "features" not in self.settings.content_losses:
            return 0.0
        parts = []
        for name, weight in self.content_layers.items():
            view, weight_map = views[name], self.content_weight_map.at(views[name].shape)
            target = view.box.of(self.content[name]).float()
            part = None if weight_map is None else view.box.of(weight_map)
            distance = losses.squared_distance(view.features, target, part)
            parts.append(weight * (distance / self.content_scales[name]))
        return torch.stack(parts).sum()

    def anchor_loss(self, image: Tensor) -> Tensor | float:
        """Return how far a picture is from its anchors and its coarse target, weighted."""
        weight, coarse = self.targets.anchor_weight, self.targets.coarse_target
        anchors = self.targets.anchors
        parts = [weight * (a.trust * (image - a.image).square()).mean() for a in anchors]
        if coarse is not None:
            small = F.interpolate(image, coarse.shape[2:], mode="area")
            parts.append(COARSE_WEIGHT * F.mse_loss(small, coarse))
        return torch.stack(parts).sum() if parts else 0.0

    def total(
        self, content: Tensor | float, style: Tensor, tv: Tensor, anchor: Tensor | float
    ) -> Losses:
        """Return the losses with their weighted sum."""
        content_weight, style_weight, tv_weight = self.weights
        loss = content_weight * content + style_weight * style + tv_weight * tv
        return Losses(loss + anchor, torch.as_tensor(content), style, tv)

    def _with_border(self, image: Tensor) -> Tensor:
        """Return (..., H, W), a tileable one with its first row and column again at the end."""
        return F.pad(image, (0, 1, 0, 1), "circular") if self.settings.tileable else image

    def _content_scale(self, name: str) -> Tensor | float:
        """Return what distances of a layer's content are divided by."""
        features = self.content[name]
        if self.settings.loss == "gatys":
            return 2.0
        alpha = self.alpha.at((features.shape[2], features.shape[3]))
        parts = [losses.energy(part.float(), alpha) for part in torch.split(features, 32, 1)]
        return torch.stack(parts).sum()

    def _draw(
        self, count: int, shape: tuple[int, int], weight: SpatialWeight, layer: str, step: int
    ) -> Tensor:
        return losses.draw_positions(count, shape, self._seed(layer, step), weight.at(shape))

    def _seed(self, layer: str, step: int) -> int:
        """Return the seed of a layer at a step; L-BFGS must always see the same."""
        step = 0 if self.settings.optimizer == "lbfgs" else step
        return (self.settings.seed * 1_000_003 + step * 101 + self.layers.index(layer)) % 2**63
