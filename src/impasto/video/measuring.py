"""Two clips side by side: how much the second one flickers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count, zip_longest
from pathlib import Path

import numpy as np

from impasto.errors import ImageError, RecipeError
from impasto.evaluation.flicker import Flicker, FlickerMeter
from impasto.files import replacing
from impasto.images import read_recipe
from impasto.video.clip import Clip
from impasto.video.encoding import USUAL, Encoding, PartWriter
from impasto.video.options import VideoSettings
from impasto.video.painting import even, resized
from impasto.video.setup import LEAST, open_reader
from impasto.video.writers import video_recipe

#: What is shown as white where a clip flickers, of 1.
_HOTTEST = 0.3


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
    if min(after.clip.size) < LEAST:
        raise ImageError(f"{stylized} has less than {LEAST} pixels a side: too few to find motion")
    meters = {lag: FlickerMeter(lag) for lag in lags}
    with _heat_video(heat, after.clip) as show:
        part = (video or VideoSettings()).frames(before)
        for plain, painted in zip_longest(part, after.frames()):
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


def painted_part(stylized: str) -> VideoSettings:
    """Return which part of a clip was stylized, as the recipe in its result says; else all."""
    path = Path(stylized)
    try:
        recipe = (video_recipe if path.suffix.lower() in USUAL else read_recipe)(path)
    except (ImageError, RecipeError):  # what is wrong is said when it is read
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
