"""What a clip is: frames with their times, and what else belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.images import open_picture

Pixels8 = NDArray[np.uint8]
#: The alpha of what is not transparent at all.
OPAQUE = 255


class Frame(NamedTuple):
    """One picture of a clip.

    Attributes:
        pixels: (H, W, 3) uint8 sRGB, upright; (H, W, 4) where something is transparent, with
            visible colors continued below it.
        time: When it is shown, in units of the clip's `time_base`, from the clip's first frame on.
        duration: How long, in the same units.
    """

    pixels: Pixels8
    time: int
    duration: int


class Tags(NamedTuple):
    """How a stream's numbers are to be read as colors, by FFmpeg's numbers; 2 is not said.

    Attributes:
        matrix: Of luma and chroma.
        primaries: Of red, green and blue.
        transfer: Of light to numbers.
        range: 1 for 16 … 235, 2 for 0 … 255, 0 not said.
    """

    matrix: int = 2
    primaries: int = 2
    transfer: int = 2
    range: int = 0


@dataclass(frozen=True)
class Clip:
    """What is known of a clip before its frames.

    Attributes:
        path: Where it is.
        size: Width and height, upright, in pixels.
        time_base: Seconds of a unit of time.
        rate: Frames a second, on average.
        count: Frames, about; None: not known.
        rotation: Degrees, counterclockwise, by which players turn its stored frames: 0, 90, …
        aspect: Width over height of a stored pixel.
        tags: Of colors.
        notes: What is changed on the way in, in words.
        loops: How often an animation is repeated; 0: forever; -1: it is shown once; None: it is
            no animation.
        transparent: Whether frames may have transparent places.
    """

    path: Path
    size: tuple[int, int]
    time_base: Fraction
    rate: Fraction
    count: int | None
    rotation: int = 0
    aspect: Fraction = Fraction(1)
    tags: Tags = field(default_factory=Tags)
    notes: tuple[str, ...] = ()
    loops: int | None = None
    transparent: bool = False


def with_alpha(pixels: Pixels8) -> Pixels8:
    """Return pixels (H, W, 4) with visible colors continued below what is transparent.

    Where nothing is transparent they become (H, W, 3).
    """
    if pixels[..., 3].min() == OPAQUE:
        return np.ascontiguousarray(pixels[..., :3])
    colors = open_picture(pixels).filled().to_array()
    return np.dstack([colors, pixels[..., 3]])


def on_white(pixels: Pixels8) -> Pixels8:
    """Return pixels (H, W, 3 or 4) without transparency, laid on white."""
    return open_picture(pixels).on_white().to_array() if pixels.shape[2] == 4 else pixels
