"""What paints the frames of a clip, one after the other, and can be put aside in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.fast import FastStylizer, Shot
from impasto.flow.opencv import opencv
from impasto.images import Picture
from impasto.video.clip import Pixels8
from impasto.video.keyframes import Keyframes
from impasto.video.motion import Motion
from impasto.video.steadying import Pixels, Steadying

#: What painting goes on from, as arrays by name.
Kept = Mapping[str, NDArray[np.generic]]
#: How names of what `Shot` keeps begin there.
_SHOT = "shot "


class FramePainter(Protocol):
    """Paints frame after frame.

    Attributes:
        lags: How many frames back it wants to know the motion to.
    """

    lags: tuple[int, ...]

    def __call__(self, frame: Pixels8, motions: Mapping[int, Motion], seconds: float) -> Pixels:
        """Return the painted frame (H, W, 3) in [0, 1].

        Args:
            frame: (H, W, 3) uint8.
            motions: To earlier frames of the same shot, by how many back they are; empty where a
                shot begins.
            seconds: When it is shown.
        """
        ...

    def kept(self) -> Kept:
        """Return all that the next frames depend on."""
        ...

    def restore(self, kept: Kept) -> None:
        """Go on from what `kept` returned."""
        ...


class FastFrames:
    """Paints in one pass of a network and keeps what was painted where it can be trusted.

    The statistics that a network gives each picture for itself are the shot's, and the noise that
    strokes grow from moves along (`Shot`).

    Args:
        stylizer: What paints.
        stability: From 0 to 1.
        keyframes: Strength and mixture over time; None: the stylizer's own.

    Attributes:
        weights: Names and hashes of the files it paints with.
    """

    def __init__(
        self, stylizer: FastStylizer, stability: float, keyframes: Keyframes | None = None
    ) -> None:
        self.weights = stylizer.weights
        self._keyframes, self._now = keyframes, Keyframes().at(0)
        self.lags: tuple[int, ...] = (1,) if stability > 0 else ()
        self._stylizer, self._steadying = stylizer, Steadying(stability)
        self._first: Pixels8 | None = None
        self._for_shot, self._shot = stylizer, Shot()

    def __call__(self, frame: Pixels8, motions: Mapping[int, Motion], seconds: float) -> Pixels:
        """Return the painted frame."""
        picture, motion = picture_of(frame), motions.get(1)
        if self._keyframes is not None and self._keyframes.at(seconds) != self._now:
            self._now = self._keyframes.at(seconds)
            self.use(self._stylizer.changed(*self._now))
        if not self.lags:
            return self._stylizer.paint(picture)
        if self._first is None or motion is None:
            self._begin(frame)
        else:
            self._shot.move(*motion)
        return self._steadying(self._for_shot.paint(picture, self._shot), motion)

    def use(self, stylizer: FastStylizer) -> None:
        """Paint with another strength or mixture from the next frame on, in the same shot."""
        self._stylizer = stylizer
        # Statistics are of recolored frames, so they were those of the other look.
        self._shot.kept.pop("statistics", None)
        if self._first is not None:
            self._for_shot = stylizer.for_shot(picture_of(self._first))

    def _begin(self, first: Pixels8) -> None:
        self._first, self._shot = first, Shot()
        self._for_shot = self._stylizer.for_shot(picture_of(first))

    def kept(self) -> Kept:
        """Return all that the next frames depend on."""
        found = {"first": self._first, "before": self._steadying.before}
        found |= {f"{_SHOT}{name}": array for name, array in self._shot.kept.items()}
        return {name: array for name, array in found.items() if array is not None}

    def restore(self, kept: Kept) -> None:
        """Go on from what `kept` returned."""
        if "first" not in kept:
            return
        self._begin(np.asarray(kept["first"], np.uint8))
        self._steadying.before = np.asarray(kept["before"], np.float32)
        names = [name for name in kept if name.startswith(_SHOT)]
        self._shot = Shot({name.removeprefix(_SHOT): kept[name] for name in names})


def picture_of(frame: Pixels8) -> Picture:
    """Return a frame as a picture."""
    return Picture(frame.astype(np.float32) * np.float32(1 / 255))


def resized(frame: Pixels8, size: tuple[int, int]) -> Pixels8:
    """Return a frame in another width and height, without aliasing.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    if frame.shape[1::-1] == size:
        return frame
    cv2 = opencv()
    smaller = size[0] * size[1] < frame.shape[0] * frame.shape[1]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    other: Pixels8 = cv2.resize(frame, size, interpolation=kind)
    return other
