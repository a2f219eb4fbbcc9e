"""Two clips side by side: how much the second one flickers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from impasto.errors import ImageError
from impasto.evaluation.flicker import Flicker, FlickerMeter
from impasto.files import replacing
from impasto.video.clip import Clip, Pixels8
from impasto.video.encoding import Encoding, PartWriter
from impasto.video.painting import resized
from impasto.video.setup import LEAST, open_reader, painted_size


def measured(
    original: str,
    stylized: str,
    lags: Sequence[int],
    rate: float = 25.0,
    heat: Path | None = None,
    hottest: float = 0.3,
) -> Iterator[dict[int, Flicker]]:
    """Yield how much each frame from the second on flickers, by how far back it is compared.

    Args:
        original: What `open_reader` takes.
        stylized: Frame for frame; the original is scaled to its size.
        lags: How many frames back.
        rate: Frames a second of pictures by number.
        heat: An .mp4 to save where it flickers, by the first lag; None: nowhere.
        hottest: What is shown as white.

    Raises:
        ImageError: A clip cannot be read.
        MissingExtraError: OpenCV or PyAV is not installed.
    """
    before, after = open_reader(original, rate), open_reader(stylized, rate)
    if min(after.clip.size) < LEAST:
        raise ImageError(f"{stylized} has less than {LEAST} pixels a side: too few to find motion")
    meters = {lag: FlickerMeter(lag) for lag in lags}
    with ExitStack() as stack:
        video = None
        if heat is not None:
            video = HeatVideo(stack.enter_context(replacing(heat)), after.clip, hottest)
            stack.callback(video.close)
        for plain, painted in zip_longest(before.frames(), after.frames()):
            if plain is None or painted is None:
                raise ImageError(f"{original} and {stylized} have not as many frames")
            pixels = resized(plain.pixels, after.clip.size)
            found = {lag: meter(pixels, painted.pixels) for lag, meter in meters.items()}
            there = {lag: flicker for lag, flicker in found.items() if flicker is not None}
            if video is not None and lags[0] in there:
                video.show(there[lags[0]])
            if there:
                yield there


class HeatVideo:
    """Where a clip flickers, as a video.

    Args:
        path: An .mp4.
        clip: The clip.
        hottest: What is shown as white.
    """

    def __init__(self, path: Path, clip: Clip, hottest: float) -> None:
        self._clip = replace(clip, rotation=0, size=painted_size(clip, None))
        self._writer = PartWriter(path, Encoding(self._clip, self._clip.size, "h264"))
        self._hottest, self._number = hottest, 0

    def show(self, flicker: Flicker) -> None:
        """Add a frame: black, red, yellow, white."""
        width, height = self._clip.size
        value = (flicker.heat[:height, :width] / self._hottest * 3).clip(0, 3)
        colors = np.stack([value, value - 1, value - 2], -1).clip(0, 1)
        pixels: Pixels8 = (colors * 255).astype(np.uint8)
        unit = max(1, round(1 / (self._clip.rate * self._clip.time_base)))
        self._writer.add(pixels, self._number * unit, unit)
        self._number += 1

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
