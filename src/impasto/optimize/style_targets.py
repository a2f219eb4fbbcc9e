"""Styles as targets: encoded once for each size, mixed with the photograph's statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import NamedTuple

from impasto import images
from impasto.gallery.names import read_styles
from impasto.images import Identity, Picture, Source, Sources
from impasto.losses import LayerStatistics, required_statistics
from impasto.networks import build_encoder, check_encoders
from impasto.networks.devices import choose_device, choose_precision
from impasto.optimize.pyramid import alpha_tensor, layer_weights, least_side, style_size, to_tensor
from impasto.optimize.schedule import Octave
from impasto.optimize.tiles import SpatialWeight, StatisticsByLayer, TiledEncoder
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS

#: Layers whose targets come from `fine_style`: what they see at once is 15 pixels wide or less
#: (scale control of Gatys et al. 2017, "Controlling Perceptual Factors", section 6).
FINE_LAYERS = ("relu1_1", "relu1_2", "relu2_1", "relu2_2")


class StyleTarget(NamedTuple):
    """A style as a target: its statistics, its share of the style loss, and its region's number."""

    #: Its statistics, or those of a mixture of it and the photograph.
    target: StatisticsByLayer
    share: float = 1.0
    region: int = 0
    #: How much of the mixture is the style, and its own statistics; None: those of `target`.
    amount: float = 1.0
    style: StatisticsByLayer | None = None

    def for_layer(self, layer: str, mixes: bool) -> tuple[LayerStatistics, float]:
        """Return the target of a layer, for a loss that `mixes` or not, and its share."""
        if mixes or self.style is None:
            return self.target[layer], self.share
        return self.style[layer], self.share * self.amount

    def mixed(self, own: StatisticsByLayer, amount: float) -> StyleTarget:
        """Return it with this much of the style, and the photograph's statistics for the rest."""
        mixed = {name: own[name].mixed(style, amount) for name, style in self.target.items()}
        return self._replace(target=mixed, amount=amount, style=self.target)


def style_amount(strength: float, encoder: str) -> float:
    """Return how much of the style's statistics goes into the targets at a strength.

    Gram matrices mixed with a part m of the style's are (1 - m)² as far from it as the photograph's
    are, and a rest remains at full strength (`EncoderRow.remaining_distance`). With this m, each
    step of strength makes the distance smaller by about the same factor: half of the strength is
    half of the way as VGG-19 sees it.
    """
    left = ENCODERS[encoder].remaining_distance
    return 1 - math.sqrt((left**strength - left) / (1 - left))


class StyleReader:
    """Styles, encoders, and the statistics of the styles, found once for each size of an octave."""

    def __init__(self, style: Sources, settings: Settings) -> None:
        self.settings = settings
        self.device = choose_device(settings.device)
        self.precision = choose_precision(settings.precision, self.device)
        self.layers = tuple(layer_weights(settings.style_layers, None))  # that hold the style
        layers = {*self.layers, *layer_weights(settings.content_layers, None)}
        self.shortest_side = least_side(layers)  # of a picture that has features in all layers
        check_encoders(settings.encoders, layers, settings.pooling)
        self._open(read_styles(style))
        self.encoders = {
            name: build_encoder(
                name,
                layers,
                weights=settings.weights,
                pooling=settings.pooling,
                device=self.device,
                precision=self.precision,
            )
            for name in settings.encoders
        }

    @property
    def files(self) -> list[dict[str, str]]:
        """Names and SHA-256 of the files of the encoders."""
        return [{"name": each.file, "sha256": each.sha256} for each in self.encoders.values()]

    def _open(self, sources: Sequence[Source]) -> None:
        """Open the style pictures, as large as the settings need them."""
        settings = self.settings
        settings.normalized_style_weights(len(sources))  # refuses what does not fit
        largest = max(images.LEAST_PICTURE, round(settings.size_limit * settings.style_scale))

        def opened(source: Source) -> tuple[Picture, Identity]:
            picture = images.open_for_role(source, "style", largest)
            return picture, images.identify_opened(picture, source)

        found = [opened(source) for source in sources]
        self.sources, self.identities = sources, [identity for _, identity in found]
        self.styles = [images.rotate_tile(picture, settings) for picture, _ in found]
        self.gray_styles = [images.is_gray(picture.filled().pixels) for picture, _ in found]
        self.fine: Picture | None = None
        self.fine_identity: Identity | None = None
        if settings.fine_style is not None:
            self.fine, self.fine_identity = opened(read_styles([settings.fine_style])[0])
        #: Statistics that were found, by encoder and longest side of the octave.
        self._cache: dict[tuple[str, int], list[StatisticsByLayer]] = {}

    def changed(self, settings: Settings, style: Sources | None = None) -> StyleReader:
        """Return one with the same encoders and other settings; None: and the same styles."""
        other = copy(self)
        other.settings = settings
        if style is None:
            settings.normalized_style_weights(len(self.sources))
        else:
            other._open(read_styles(style))
        return other

    def __call__(
        self, octave: Octave, pictures: Sequence[Picture] | None = None, side: int | None = None
    ) -> list[StatisticsByLayer]:
        """Return the statistics of each style at an octave, encoded in tiles of this side.

        `pictures` are the styles with their colors changed for one content; None: as they are, and
        their statistics are kept for the next content.
        """
        if pictures is not None:
            return [self._target(picture, octave, side) for picture in pictures]
        key = octave.encoder, max(octave.size)
        if key not in self._cache:
            self._cache[key] = [self._target(picture, octave, side) for picture in self.styles]
        return self._cache[key]

    def _target(self, picture: Picture, octave: Octave, side: int | None) -> StatisticsByLayer:
        target = self._statistics(picture, octave, side)
        if self.fine is None:
            return target
        fine = self.fine
        pixels = images.match_colors(fine.pixels, picture.pixels, fine.alpha, picture.alpha)
        finer = self._statistics(replace(fine, pixels=pixels), octave, side)
        return {name: (finer if name in FINE_LAYERS else target)[name] for name in target}

    def _statistics(self, picture: Picture, octave: Octave, side: int | None) -> StatisticsByLayer:
        longest = round(max(octave.size) * self.settings.style_scale)
        size = style_size(picture.size, longest, self.shortest_side)
        image = to_tensor(picture.filled(), size, self.device)
        alpha = SpatialWeight(alpha_tensor(picture, size, self.device))
        tiled = TiledEncoder(self.encoders[octave.encoder], size, side)
        required = required_statistics(self.settings.style_losses)
        return tiled.statistics(image, self.layers, required, alpha)
