"""Frames painted by optimization, each from those before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from impasto import api
from impasto.flow import warped
from impasto.images import Picture, Source, match_colors
from impasto.optimize import Anchors, IterativeStylizer
from impasto.settings import Settings
from impasto.states import State
from impasto.video.clip import Pixels8
from impasto.video.motion import Motion
from impasto.video.painting import Kept, picture_of
from impasto.video.steadying import Pixels
from impasto.video.threads import still_wanted

#: How far back frames are looked at: one that shows again what was hidden is as it was before.
LAGS = (1, 2, 4)
#: Steps for each frame but the first of a shot, if nothing is said.
STEPS = 16
#: Weight of staying near what was painted, at stability 1; at 60 thin things lag behind.
WEIGHT = 20.0


class OptimizedFrames:
    """Paints by optimization, after Ruder et al. 2018.

    The first frame of a shot is painted as a picture is. Each other one starts from the one before,
    moved along, and stays near it and earlier ones where they can be trusted; where nothing can, it
    starts from the content in the style's colors.

    Args:
        styles: Style pictures.
        settings: How frames are painted.
        stability: From 0 to 1.
    """

    def __init__(self, styles: Sequence[Source], settings: Settings, stability: float) -> None:
        self.lags: tuple[int, ...] = LAGS if stability > 0 else ()
        self._whole = api.stylizer(list(styles), settings)
        steps = (settings.steps or (STEPS,))[-1]
        following = settings.updated(
            method="optimize",
            runtime="auto",
            min_size=settings.size,
            time=None,
            steps=(steps,) * len(settings.encoders),
        )
        self._next = IterativeStylizer(list(styles), following)
        self._weight = WEIGHT * stability
        self._painted: deque[Pixels] = deque(maxlen=max(LAGS))

    def __call__(self, frame: Pixels8, motions: Mapping[int, Motion], seconds: float) -> Pixels:
        """Return the painted frame."""
        content = picture_of(frame)
        if 1 not in motions or not self._painted:
            self._painted.clear()
            pixels = _last(self._whole.iterate(content))
        else:
            pixels = self._following(content, motions)
        self._painted.append(pixels)
        return pixels

    def _following(self, content: Picture, motions: Mapping[int, Motion]) -> Pixels:
        start = self._recolored(content)
        pictures, trusts = [], []
        left = np.ones(start.shape[:2], np.float32)
        for lag in (lag for lag in LAGS if lag in motions and lag <= len(self._painted)):
            motion = motions[lag]
            moved = warped(self._painted[-lag], motion.flow).clip(0, 1)
            # Earlier frames count where later ones do not.
            trust = np.minimum(motion.trust, left)
            start += trust[..., None] * (moved - start) if lag == 1 else 0
            left = left - trust
            pictures.append(Picture(moved))
            trusts.append(trust)
        anchors = Anchors(pictures, trusts, self._weight)
        begun = replace(content, pixels=start.clip(0, 1))
        return _last(self._next.iterate(content, start=lambda _: begun, anchors=anchors))

    def _recolored(self, content: Picture) -> Pixels:
        if self._next.settings.color != "style":
            return content.pixels.copy()
        style = self._next.styles[0]
        amount = self._next.settings.strength
        return match_colors(content.pixels, style.pixels, None, style.alpha, amount).copy()

    def kept(self) -> Kept:
        """Return all that the next frames depend on."""
        return {f"painted {number}": pixels for number, pixels in enumerate(self._painted)}

    def restore(self, kept: Kept) -> None:
        """Go on from what `kept` returned."""
        self._painted.clear()
        for number in range(max(LAGS)):
            if f"painted {number}" in kept:
                self._painted.append(np.asarray(kept[f"painted {number}"], np.float32))


def _last(states: Iterable[State]) -> Pixels:
    """Run through states, as long as anybody wants the last one."""
    for state in states:
        still_wanted()
        last = state
    return last.picture.pixels
