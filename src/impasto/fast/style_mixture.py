"""A network and the codes of its styles: paints pictures, and frames of a video."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from impasto.fast.network import Network, StyleCode
from impasto.fast.sessions import Array
from impasto.fast.shot import Shot
from impasto.flow.warping import blend_frames
from impasto.images import Picture, final_colors
from impasto.images.masks import Mask
from impasto.runs import Carried, Reference
from impasto.settings import Settings
from impasto.settings.declaration import load


class StyleMixture:
    """A mixture of styles that a network paints in; several threads may use one at once."""

    def __init__(
        self,
        network: Network,
        settings: Settings,
        styles: Sequence[Picture],  # none where the network has its style within
        gray_styles: Sequence[bool],  # which of them are gray
        shares: Sequence[float],  # of each style in the mixture
        longest: int,  # side of a style in pixels, to which networks scale it
    ) -> None:
        self.network, self.settings, self._shares = network, settings, shares
        self._styles, self._gray_styles, self._longest = styles, gray_styles, longest
        matches = bool(settings.color_mode.recolor_style)
        self._codes = [] if matches else self._read(styles)
        self.code = None if matches else network.mixed(self._codes, shares)
        self._matched: tuple[Array, list[StyleCode]] | None = None

    def with_settings(self, settings: Settings, shares: Sequence[float]) -> "StyleMixture":
        """Return one of the same styles, as they were read."""
        other = copy(self)
        other.settings, other._shares = settings, shares
        if self._codes and shares != self._shares:
            other.code = self.network.mixed(self._codes, shares)
        return other

    def paint(self, content: Picture, where: Mask | None = None) -> Array:
        """Return the stylized pixels of a picture as large as it is: (H, W, 3) in [0, 1].

        Only where a mask says so, its colors count for styles that are to have them.
        """
        return self._painted(content, self._code_for(content, where))

    def paint_frame(
        self, content: Picture, reference: Reference, where: Mask | None = None
    ) -> tuple[Array, Carried]:
        """Return the stylized pixels of a frame of a video, and what the next frame needs.

        The statistics that a network gives each picture for itself are the shot's, the noise that
        strokes grow from moves along, and what was painted stays where the flow can be trusted.
        """
        before, kept = reference.frames.get(1), dict(reference.carried)
        mixture = np.array([self.settings.strength, *self._shares])
        if before is None or "first" not in kept:
            kept = {"first": content.pixels, "mixture": mixture}
        first, earlier = kept.pop("first"), kept.pop("mixture")
        same = Shot(kept)
        changed = np.abs(mixture - earlier).max()
        if changed:
            kept.pop("statistics", None)  # of recolored frames, so of the mixture before
        shot, code = Shot(kept), self._code_for(Picture(first), where, keep=True)
        if before is not None:
            shot.move(before.flow, before.trust)
        painted = self._painted(content, code, shot)
        if before is not None and self.settings.strength:
            # An earlier frame of another mixture says only what noise to leave out, and that is
            # found by painting this one in that mixture too.
            alike = painted
            if changed:
                same.move(before.flow, before.trust)
                strength, *shares = map(float, earlier)
                weights = tuple(shares) if len(shares) > 1 else None
                settings = self.settings.updated(strength=strength, style_weights=weights)
                other = self.with_settings(settings, shares)
                code = other._code_for(Picture(first), where, keep=True)
                alike = other._painted(content, code, same)
            motion = before.painted, before.flow, before.trust
            steady = blend_frames(alike, *motion, reference.stability)
            part = np.float32(max(0.0, 1 - changed))
            painted = (painted + part * (steady - alike)).clip(0, 1) if changed else steady
        return painted, {**shot.kept, "first": first, "mixture": mixture}

    def _painted(self, content: Picture, code: StyleCode, shot: Shot | None = None) -> Array:
        pixels = content.filled().pixels
        if self.settings.strength == 0:
            return pixels
        painted = self.network.paint(content, code, self.settings.strength, shot)
        return final_colors(painted, pixels, self.settings, self._gray_styles)

    def _code_for(self, content: Picture, where: Mask | None, *, keep: bool = False) -> StyleCode:
        """Return the code of the styles, if need be in a content's colors; keep it for frames."""
        mode = self.settings.color_mode
        if not mode.recolor_style:
            return self.code
        if self._matched is None or self._matched[0] is not content.pixels:
            recolor, amount = load(mode.recolor_style), self.settings.color_amount
            seen = content.alpha if where is None else where
            recolored = [
                replace(s, pixels=recolor(s.pixels, content.pixels, s.alpha, seen, amount))
                for s in self._styles
            ]
            codes = self._read(recolored)
            if not keep:
                return self.network.mixed(codes, self._shares)
            self._matched = content.pixels, codes
        return self.network.mixed(self._matched[1], self._shares)

    def _read(self, styles: Sequence[Picture]) -> list[StyleCode]:
        return [self.network.read(style, self._longest) for style in styles]
