"""How much a stylized clip flickers: what changes that should only have moved.

Source: the warping error of Lai et al. 2018, "Learning Blind Video Temporal Consistency", as a root
mean square, in units of brightness; occlusions, by the cycle check of the flow, are left out.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count, zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError, RecipeError
from impasto.files import replacing
from impasto.flow import Flow, optical_flow, trusted, warped
from impasto.images.animation import schedule
from impasto.video.clip import Clip, Frame, Pixels8
from impasto.video.encoding import Encoding, PartWriter
from impasto.video.options import VideoSettings
from impasto.video.painting import even, resized
from impasto.video.pictures import MIN_SIDE, Reader, open_reader
from impasto.video.writers import recipe_in

Pixels = NDArray[np.float32]
_TRUSTED = 0.5  # how much of a flow must be trusted, of 1
_HOTTEST = 0.3  # what is shown as white where a clip flickers, of 1


class Flicker(NamedTuple):
    """Of one frame."""

    error: float  # root mean square change of what moved, of 1; NaN: nothing can be compared
    original: float  # the same of the original clip: noise, light, and errors of the flow
    heat: Pixels  # (H, W), how much each place changed; 0 where nothing can be compared


def warping_error(
    now: Pixels, before: Pixels, back: Flow, seen: NDArray[np.bool_] | NDArray[np.float32]
) -> tuple[float, Pixels]:
    """Return how much a frame differs from an earlier one that was moved along.

    Of frames (H, W, 3) in [0, 1], the flow (H, W, 2) from now to before, and where both show the
    same thing (H, W), above a half: the root mean square over that (NaN: none), and each place's.
    """
    kept = np.asarray(seen, np.float32) > _TRUSTED
    squares = np.square(now - warped(before, back)).mean(-1)
    heat = np.sqrt(squares) * kept
    return (float(np.sqrt(squares[kept].mean())) if kept.any() else float("nan")), heat


class FlickerMeter:
    """Measures frame after frame, against the frame `lag` before: 8 shows what drifts and swims."""

    def __init__(self, lag: int = 1) -> None:
        self._earlier: deque[tuple[Pixels8, Pixels8]] = deque(maxlen=lag)

    def __call__(self, original: Pixels8, stylized: Pixels8) -> Flicker | None:
        """Return how much a frame (H, W, 3 or 4) flickers; None for the first ones."""
        original, stylized = (np.ascontiguousarray(f[..., :3]) for f in (original, stylized))
        if original.shape != stylized.shape:
            (high, wide), (other_high, other_wide) = original.shape[:2], stylized.shape[:2]
            sizes = f"{wide}x{high} and {other_wide}x{other_high}"
            raise ImageError(f"the clips are not alike: {sizes} pixels; scale one of them")
        found = None
        if len(self._earlier) == self._earlier.maxlen:
            before, painted = self._earlier[0]
            back = optical_flow(original, before)
            seen = trusted(back, optical_flow(before, original))
            scale = np.float32(1 / 255)
            error, heat = warping_error(scale * stylized, scale * painted, back, seen)
            plain, _ = warping_error(scale * original, scale * before, back, seen)
            found = Flicker(error, plain, heat)
        self._earlier.append((original, stylized))
        return found


def mean_errors(found: Sequence[Flicker]) -> tuple[float, float]:
    """Return the mean errors of stylized frames and of their originals; NaN: there are none."""
    known = [(each.error, each.original) for each in found if each.error == each.error]
    errors, originals = np.mean(known, 0) if known else (np.nan, np.nan)
    return float(errors), float(originals)


def measured(
    original: str,
    stylized: str,
    lags: Sequence[int],
    rate: float = 25.0,
    heat: Path | None = None,
    video: VideoSettings | None = None,
) -> Iterator[dict[int, Flicker]]:
    """Yield how much each frame from the second on flickers, by how far back it is compared.

    Both are what `open_reader` takes (with its `rate`); the original is scaled to the size of the
    other. `heat` is an .mp4 to save where it flickers, by the first lag. `video` says which part
    of the original was stylized; None: all of it.
    """
    before, after = open_reader(original, rate), open_reader(stylized, rate)
    if min(after.clip.size) < MIN_SIDE:
        raise ImageError(f"{stylized} has less than {MIN_SIDE} pixels a side: too few for motion")
    meters = {lag: FlickerMeter(lag) for lag in lags}
    with _heat_video(heat, after.clip) as show:
        for plain, painted in _pairs(before, after, video or VideoSettings()):
            if plain is None or painted is None:
                raise ImageError(
                    f"{original} and {stylized} have not as many frames: say which part was "
                    "painted (--start, --end)"
                )
            pixels = resized(plain.pixels[..., :3], after.clip.size)
            found = {lag: meter(pixels, painted.pixels) for lag, meter in meters.items()}
            there = {lag: flicker for lag, flicker in found.items() if flicker is not None}
            if lags[0] in there:
                show(there[lags[0]])
            if there:
                yield there


def _pairs(
    before: Reader, after: Reader, part: VideoSettings
) -> Iterator[tuple[Frame | None, Frame | None]]:
    """Yield frames and what they became; None where one of the clips is longer.

    An animation lacks frames of a faster clip, and shows those that are alike as one.
    """
    if after.clip.loops is None:
        yield from zip_longest(part.frames(before), after.frames())
        return
    plain, painted = (1000 * reader.clip.time_base for reader in (before, after))
    ends = [float((each.time + each.duration) * plain) for each in part.frames(before)]
    plan = schedule(ends, after.clip.path.suffix.lower().removeprefix("."))
    starts = np.cumsum([0, *(duration for _, duration in plan)])
    frames, number, original, end = part.frames(before), -1, None, 0.0
    for frame in after.frames():
        wanted = plan[np.abs(starts[:-1] - float(frame.time * painted)).argmin()][0]
        while number < wanted:
            original, number = next(frames), number + 1
        end = float((frame.time + frame.duration) * painted)
        yield original, frame
    if abs(end - starts[-1]) > np.diff(starts).max():
        yield original, None


def painted_part(stylized: str) -> VideoSettings:
    """Return which part of a clip was stylized, as the recipe in its result says; else all."""
    try:
        recipe = recipe_in(Path(stylized))
    except (ImageError, RecipeError):  # reading it raises the error
        return VideoSettings()
    said = recipe.get("video") or {}
    if said.get("compare"):
        raise ImageError(f"{stylized} shows the original too: measure a result without it")
    known = ("start", "end", "every")
    return VideoSettings(**{name: said[name] for name in known if name in said})


@contextmanager
def _heat_video(path: Path | None, clip: Clip) -> Iterator[Callable[[Flicker], None]]:
    """Give what adds a frame to a video: black, red, yellow, white."""
    if path is None:
        yield lambda _: None
        return
    width, height = even(clip.size)
    encoding = Encoding(replace(clip, rotation=0, size=(width, height)), (width, height), "h264")
    unit, numbers = max(1, round(1 / (clip.rate * clip.time_base))), count()
    with replacing(path) as partial, closing(PartWriter(partial, encoding)) as writer:

        def show(flicker: Flicker) -> None:
            value = (flicker.heat[:height, :width] / _HOTTEST * 3).clip(0, 3)
            colors = np.stack([value, value - 1, value - 2], -1).clip(0, 1)
            writer.add((colors * 255).astype(np.uint8), next(numbers) * unit, unit)

        yield show
