"""What a run paints: content, styles, regions and the start, as each octave needs them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from impasto.errors import SettingsError
from impasto.images import Identity, Picture, identify, match_colors, open_role
from impasto.images.masks import Mask
from impasto.losses import needs_of
from impasto.optimize.anchors import Anchors
from impasto.optimize.composition import compose
from impasto.optimize.plan import Octave
from impasto.optimize.pyramid import alpha_tensor, to_tensor
from impasto.optimize.sight import Map, Sight, Summaries
from impasto.optimize.wanted import Aim, Wanted, product
from impasto.settings.choices import STARTS

if TYPE_CHECKING:
    from impasto.optimize.stylizer import IterativeStylizer

#: About the part of the photograph's distance to a style that is left at full strength, by encoder;
#: chosen so that half of the strength is half of the way as VGG-19 sees it (see `mixture`).
LEFT = {"pocket": 0.11, "vgg19": 0.05}


def mixture(strength: float, encoder: str) -> float:
    """Return how much of the style's statistics goes into the targets at a strength.

    Gram matrices mixed with a part m of the style's are (1 - m)² as far from it as the photograph's
    are, and a rest is `LEFT` whatever is asked for. With this m, each step of strength makes the
    distance smaller by about the same factor.

    Args:
        strength: From 0 to 1.
        encoder: Its name; one of your own is taken for VGG-19.
    """
    left = LEFT.get(encoder, LEFT["vgg19"])
    return 1 - math.sqrt((left**strength - left) / (1 - left))


def _mixed(aim: Aim, own: Summaries, amount: float) -> Aim:
    """Return an aim with this much of the style in it, and the photograph's own otherwise."""
    target = {name: own[name].mixed(style, amount) for name, style in aim.target.items()}
    return aim._replace(target=target, amount=amount, style=aim.target)


class Scene:
    """Content, styles, regions and the start of one run.

    Args:
        stylizer: Whose styles and settings count.
        content: At the size of the result.
        anchors: Pictures to stay near.
        start: The picture to start from; None: the settings say.

    Raises:
        SettingsError: A file that the settings name is not there, or masks do not fit the styles.
        ImageError: One cannot be read, or a mask has another shape.
    """

    def __init__(
        self,
        stylizer: IterativeStylizer,
        content: Picture,
        anchors: Anchors,
        start: Picture | None = None,
    ) -> None:
        self.stylizer, self.settings = stylizer, stylizer.settings
        self.content, self.filled = content, content.filled()
        self.anchors, self.device = anchors, stylizer.device
        self.composition = compose(self.settings, content, len(stylizer.styles))
        self.started_with: Identity | None = None
        self._start = start or self._chosen()
        self._styles = self._matched() if self.settings.color == "match" else None

    def initial(self, size: tuple[int, int]) -> Tensor:
        """Return the picture to start from, (1, 3, H, W) at (width, height), once."""
        if self._start is not None:
            start, self._start = self._start, None  # a large one is not kept
            return to_tensor(start, size, self.device)
        # Drawn on the CPU, so that the same seed is the same noise on every device.
        generator = torch.Generator().manual_seed(self.settings.seed)
        noise = torch.randn((1, 3, size[1], size[0]), generator=generator)
        return (0.5 + 0.15 * noise).clamp(0, 1).to(self.device)

    def wanted(
        self,
        octave: Octave,
        side: int | None = None,
        style_side: int | None = None,
        forms: Tensor | None = None,
    ) -> Wanted:
        """Return what the picture is to come to at an octave.

        Args:
            octave: Its size and encoder.
            side: Longest side of a tile that is looked at at once; None: the whole picture.
            style_side: That of the style pictures.
            forms: What the octave before came to, where that is to be kept.
        """
        content = to_tensor(self.filled, octave.size, self.device)
        alpha = alpha_tensor(self.content, octave.size, self.device)
        regions = self.composition.regions(octave.size, self.device)
        return Wanted(
            content=content,
            aims=self._aims(
                octave, content, [product(each, alpha) for each in regions], (side, style_side)
            ),
            alpha=alpha,
            regions=regions,
            keep=self.composition.kept_at(octave.size, self.device),
            anchors=self.anchors.at(octave.size, self.device),
            anchor_weight=self.anchors.weight,
            forms=forms,
        )

    def _aims(
        self,
        octave: Octave,
        content: Tensor,
        regions: Sequence[Tensor | None],
        sides: tuple[int | None, int | None],
    ) -> list[Aim]:
        """Return the styles, each in its region, as far from the content as strength says."""
        targets: Sequence[Summaries] = self.stylizer.style_targets(octave, self._styles, sides[1])
        shares = self.composition.shares(self.settings.normalized_style_weights(len(targets)))
        numbers = list(range(len(targets))) if self.composition.masks else [0] * len(targets)
        aims = [Aim(*each) for each in zip(targets, shares, numbers, strict=True)]
        if self.settings.strength < 1:
            amount = mixture(self.settings.strength, octave.encoder)
            sight = Sight(self.stylizer.encoders[octave.encoder], octave.size, sides[0])
            layers, needs = self.stylizer.style_layers, needs_of(self.settings.style_losses)
            own = [sight.summaries(content, layers, needs, Map(region)) for region in regions]
            aims = [_mixed(aim, own[aim.region], amount) for aim in aims]
        return aims

    def _chosen(self) -> Picture | None:
        """Return the picture that the settings start from; None: noise."""
        init = self.settings.init
        if init == "noise":
            return None
        if init in ("content", "matched"):
            recolored = init == "matched" and self.settings.color == "style"
            return self._recolored() if recolored else self.filled
        if init == "style":
            return self.stylizer.styles[0].filled()
        if not Path(init).exists():
            words = ", ".join(STARTS)
            raise SettingsError(f"init must be {words} or a file; there is no file {init!r}")
        self.started_with = identify(init)
        return open_role(init, "start", max(self.content.size)).filled()

    def _recolored(self) -> Picture:
        """Return the content in the styles' colors, each by its share or in its region."""
        content, styles = self.content, self.stylizer.styles
        pixels = np.zeros_like(content.pixels)
        parts: Sequence[object] = self.composition.masks or self.settings.normalized_style_weights(
            len(styles)
        )
        for style, part in zip(styles, parts, strict=True):
            region = None if isinstance(part, float) else np.asarray(part)
            where = content.alpha if region is None else region
            matched = match_colors(
                self.filled.pixels, style.pixels, where, style.alpha, self.settings.strength
            )
            pixels += matched * (np.float32(part) if region is None else region[..., None])  # type: ignore[arg-type]
        if self.composition.masks:  # what no style paints stays as it is
            covered = np.sum(self.composition.masks, axis=0)[..., None]
            pixels += self.filled.pixels * (1 - covered).clip(0, 1)
        return replace(self.filled, pixels=pixels.clip(0, 1))

    def _matched(self) -> list[Picture]:
        """Return the styles with their colors moved to the content's (Gatys et al. 2017)."""
        content, amount = self.content, self.settings.color_amount
        everywhere = [content.alpha] * len(self.stylizer.styles)
        masks: Sequence[Mask | None] = self.composition.masks or everywhere
        return [
            replace(s, pixels=match_colors(s.pixels, content.pixels, s.alpha, mask, amount))
            for s, mask in zip(self.stylizer.styles, masks, strict=True)
        ]
