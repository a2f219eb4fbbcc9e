"""Painting the frames of a clip one after the other, with a state that can be saved."""

import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from impasto.flow import Motion, opencv
from impasto.images import Picture
from impasto.runs import Carried, EarlierFrame, Reference, Stylizer
from impasto.video.clip import Pixels8
from impasto.video.options import Keyframes
from impasto.video.prefetch import check_cancelled

Pixels = NDArray[np.float32]
Kept = Mapping[str, NDArray[Any]]  # the state that painting is resumed from, as arrays by name
#: Names in that state: earlier frames, the mixture, and the prefix of what a run carried.
_PAINTED, _MIXTURE, _CARRIED = "painted", "mixture", "carried "
#: Change of strength or mixture at which earlier frames count half, for a method of steps.
_HALF = 0.02
_PERIOD, _LINE = 6.0, 2  # seconds of a wipe, there and back; half the width of its line in pixels


class FrameStylizer:
    """Stylizes frame after frame, each consistent with those before it.

    Stability is from 0, each frame for itself, to 1. `lags` are how many frames back it needs the
    motion to; `notes` counts the frames of each note of a run.
    """

    def __init__(
        self, stylizer: Stylizer, stability: float, keyframes: Keyframes | None = None
    ) -> None:
        self.stylizer, self._now, self._stability = stylizer, stylizer, stability
        self._keyframes, self._moment = keyframes, Keyframes().at(0)
        self.lags = stylizer.settings.method_row.lags if stability > 0 else ()
        self._painted: deque[Pixels] = deque(maxlen=max(self.lags, default=1))
        self._carried: Carried = {}
        self._mixture: NDArray[np.float64] | None = None
        self.notes: Counter[str] = Counter()

    def __call__(self, frame: Pixels8, motions: Mapping[int, Motion], seconds: float) -> Pixels:
        """Return the painted frame (H, W, 3) in [0, 1].

        The frame is (H, W, 3) uint8, or (H, W, 4) where something is transparent. Motions are to
        earlier frames of the same shot, by how many back they are; empty where a shot begins.
        """
        moment = self._moment if self._keyframes is None else self._keyframes.at(seconds)
        if moment != self._moment:
            self._moment = moment
            # From the present one, which may have read styles in the shot's colors.
            self.use(self._now.changed(**moment))
        reference = self._reference(motions, self._changed_by())
        run = self._now.run(picture_of(frame), reference=reference)
        for _ in run:
            check_cancelled()
        pixels = run.pixels
        self.notes.update(run.notes)
        if self.lags:
            self._carried = run.carried
            self._painted.append(pixels)
        return pixels

    def use(self, stylizer: Stylizer) -> None:
        """Paint with another strength or mixture from the next frame on, in the same shot."""
        self._now = stylizer

    def _changed_by(self) -> float:
        """Return by how much strength or mixture differ from those of the frame before, 0 to 1."""
        settings = self._now.settings
        mixture = np.array([settings.strength, *(settings.style_weights or ())], np.float64)
        before, self._mixture = self._mixture, mixture
        if before is None or before.shape != mixture.shape:
            return 0.0
        return float(np.abs(mixture - before).max())

    def _reference(self, motions: Mapping[int, Motion], change: float) -> Reference | None:
        """Return what a frame has to agree with; nothing of earlier frames where a shot begins.

        Frames of another strength or mixture would hold back one that follows them.
        """
        if not self.lags:
            # A region that is not found is no error in a frame.
            return Reference(stability=0) if self._now.settings.regions else None
        if 1 not in motions or not self._painted:
            self._painted.clear()
            return Reference(stability=self._stability)
        while change and len(self._painted) > 1:
            self._painted.popleft()
        frames = {
            lag: EarlierFrame(self._painted[-lag], *motion)
            for lag, motion in motions.items()
            if lag <= len(self._painted)
        }
        # Methods of one pass handle a frame of another mixture themselves.
        held = 1 / (1 + change / _HALF) if self.stylizer.settings.method_row.steps else 1.0
        return Reference(frames, self._carried, self._stability * held)

    def kept(self) -> Kept:
        """Return all that the next frames depend on."""
        if self._mixture is None or not self.lags:
            return {}
        carried = {f"{_CARRIED}{name}": each for name, each in self._carried.items()}
        return {_PAINTED: np.array(self._painted), _MIXTURE: self._mixture, **carried}

    def restore(self, kept: Kept) -> None:
        """Resume from what `kept` returned."""
        self._mixture = kept.get(_MIXTURE)
        self._painted.clear()
        self._painted.extend(kept.get(_PAINTED, ()))
        names = [name for name in kept if name.startswith(_CARRIED)]
        self._carried = {name.removeprefix(_CARRIED): kept[name] for name in names}


def picture_of(frame: Pixels8) -> Picture:
    """Return a frame as a picture, with alpha where it is transparent and something is seen."""
    values = frame.astype(np.float32) * np.float32(1 / 255)
    if values.shape[2] == 4 and values[..., 3].any():
        return Picture(values[..., :3], values[..., 3])
    return Picture(values[..., :3])


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Return a width and a height that encoders take: even, and at least 16."""
    return max(16, size[0] // 2 * 2), max(16, size[1] // 2 * 2)


def resized(frame: Pixels8, size: tuple[int, int]) -> Pixels8:
    """Return a frame in another width and height, without aliasing."""
    if frame.shape[1::-1] == size:
        return frame
    cv2 = opencv()
    smaller = size[0] * size[1] < frame.shape[0] * frame.shape[1]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return cast("Pixels8", cv2.resize(frame, size, interpolation=kind))


def wipe(original: Pixels8, painted: Pixels8, seconds: float) -> Pixels8:
    """Return the painted frame on the left of a line that moves, the original on its right."""
    place = 0.5 - 0.5 * math.cos(2 * math.pi * seconds / _PERIOD)
    return split(painted, original, round(painted.shape[1] * place), _LINE)


def split(left: Pixels8, right: Pixels8, column: int, line: int) -> Pixels8:
    """Return one frame up to a column, another from there on; between them twice `line` pixels."""
    both = right.copy()
    both[:, :column] = left[:, :column]
    both[:, max(0, column - line) : column + line] = 255
    return both


#: Original, painted and seconds -> what is shown, by what it is called.
COMPARISONS: Mapping[str, Callable[[Pixels8, Pixels8, float], Pixels8]] = {
    "side-by-side": lambda original, painted, _: np.concatenate([original, painted], 1),
    "wipe": wipe,
}
