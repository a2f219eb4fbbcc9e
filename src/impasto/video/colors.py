"""Colors of clips: tags, conversion, and tone mapping of high dynamic range.

Sources: ITU-R BT.2100 (the transfer functions PQ and HLG), BT.2087 (BT.2020 to BT.709), and the
curve of Reinhard et al. 2002, extended so that the brightest value is kept.
"""

from functools import lru_cache
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
UNSPECIFIED = 2  # FFmpeg's number where a tag is not given
BT601, BT709 = 6, 1  # default matrices: of small pictures, and of others
PQ, HLG = 16, 18  # FFmpeg's numbers of the two transfer functions
NAMES = {PQ: "HDR10 (PQ)", HLG: "HLG"}
#: Light of white in a room, and the brightest that keeps a place, in candela per square meter.
WHITE, BRIGHTEST = 203.0, 1000.0
#: BT.2020 to BT.709, linear light.
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)


class Tags(NamedTuple):
    """How a stream's numbers are to be read as colors, by FFmpeg's numbers; 2 is not said."""

    matrix: int = 2  # of luma and chroma
    primaries: int = 2  # of red, green and blue
    transfer: int = 2  # of light to numbers
    range: int = 0  # 1 for 16 … 235, 2 for 0 … 255, 0 not said


def output_tags(tags: Tags) -> Tags:
    """Return the color tags of a result: those of its clip, never unspecified."""
    if tags.transfer in NAMES:
        return Tags(BT709, BT709, BT709, 1)
    # Matrices of RGB itself and of wide gamuts have no place in what we write.
    matrix = tags.matrix if tags.matrix in (BT709, 5, BT601) else BT709
    said = (BT709, BT709) if tags.primaries == UNSPECIFIED and matrix == BT709 else tags[1:3]
    return Tags(matrix, *said, tags.range or 1)


def exact() -> Any:  # noqa: ANN401
    """Return how colors are converted: the fast way makes each frame a little darker."""
    from av.video.reformatter import Interpolation as How

    return How.BICUBIC | How.ACCURATE_RND | How.FULL_CHR_H_INT


def to_sdr(pixels: NDArray[np.uint16], transfer: int) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint16 BT.2020 of the full range, by `PQ` or `HLG`, as uint8 sRGB."""
    light = _table(transfer)[pixels] @ _TO_709.T
    bright = light.max(-1, keepdims=True).clip(1e-6)
    most = np.float32(BRIGHTEST / WHITE)
    # Of the brightest color of each pixel, so that hues stay.
    toned = bright * (1 + bright / most**2) / (1 + bright)
    shown = (light * (toned / bright)).clip(0, 1)
    encoded = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)
    return cast("NDArray[np.uint8]", (encoded * 255).round().astype(np.uint8))


@lru_cache(2)
def _table(transfer: int) -> Values:
    """Return the light of each of 65536 numbers; 1 is white in a room."""
    signal = np.linspace(0, 1, 65536)
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        root = signal ** (1 / m2)
        light = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
        return (light / WHITE).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    # The screen's own curve of a display of 1000 candela per square meter.
    return (BRIGHTEST * scene**1.2 / WHITE).astype(np.float32)
