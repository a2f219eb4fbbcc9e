"""Pictures opened smaller than they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image
from tests.images.image_samples import (
    astronaut,
    deep_astronaut,
    encoded,
    photograph,
    wide_gamut_profile,
)

from impasto.images import fitted_size, open_picture


def test_max_size_reduces_but_never_enlarges() -> None:
    deep = imagecodecs.png_encode(deep_astronaut())
    for source in (encoded(astronaut(), "PNG"), encoded(astronaut(), "JPEG"), deep, astronaut()):
        assert open_picture(source, max_size=48).size == (48, 32)
        assert open_picture(source, max_size=500).size == (96, 64)
    shallow, wide = open_picture(astronaut(), max_size=48), open_picture(deep, max_size=48)
    assert np.abs(shallow.pixels - wide.pixels).max() < 0.02
    from_file = open_picture(encoded(astronaut(), "PNG"), max_size=48)
    assert np.abs(shallow.pixels - from_file.pixels).max() < 0.02


def test_reducing_does_not_let_hidden_colors_bleed() -> None:
    pixels = np.zeros((64, 64, 4), np.uint16)
    pixels[..., 0] = 65535
    pixels[:, 32:, :] = (65535, 0, 0, 65535)
    pixels[:, :32, 1] = 65535  # hidden yellow beside visible red
    for source in (imagecodecs.png_encode(pixels), encoded((pixels >> 8).astype(np.uint8), "PNG")):
        picture = open_picture(source, max_size=21)
        assert picture.alpha is not None
        assert picture.pixels[picture.alpha > 0.05][:, 1].max() < 0.05


_MEASURED = """
import sys
from impasto.images import fitted_size, open_picture

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

small, huge = sys.argv[1:]
open_picture(small, max_size=8)
before = peak()
print(*open_picture(huge, max_size=512).size, peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="nobody tells the peak memory")
def test_a_huge_jpeg_opens_small_in_little_memory(tmp_path: Path) -> None:
    for name, size in (("small.jpg", (64, 48)), ("huge.jpg", (12000, 9000))):
        Image.new("RGB", size, (200, 30, 90)).save(tmp_path / name)
    command = [sys.executable, "-c", _MEASURED, "small.jpg", "huge.jpg"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True)
    width, height, kilobytes = map(int, run.stdout.split())
    assert (width, height) == (512, 384)
    assert kilobytes < 60_000  # all pixels would be 324 megabytes


@pytest.mark.parametrize("size", [(2999, 1333), (1333, 2999), (801, 801), (1601, 7)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_max_size_rounds_the_size_of_the_file(kind: str, size: tuple[int, int]) -> None:
    picture = open_picture(encoded(Image.new("RGB", size, (9, 99, 199)), kind), max_size=100)
    assert picture.size == fitted_size(size, 100)


def test_max_size_of_a_jpeg_keeps_things_in_place() -> None:
    pixels = np.zeros((801, 801, 3), np.uint8)  # decoded at a quarter: 201 pixels, which are 804
    pixels[:, 780:] = pixels[770:] = 255
    small = open_picture(encoded(pixels, "JPEG"), max_size=100).pixels
    expected = open_picture(pixels, max_size=100).pixels
    assert np.abs(small - expected).max() < 0.1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_max_size_of_a_turned_picture_with_a_profile(kind: str) -> None:
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    block = exif.tobytes()  # of the object, an encoder may remove what it has dealt with
    photo = Image.fromarray(photograph("astronaut")[:399])
    data = encoded(photo, kind, exif=block, icc_profile=wide_gamut_profile())
    whole, small = open_picture(data), open_picture(data, max_size=100)
    assert whole.size == (399, 512)
    assert small.size == (78, 100)
    assert np.abs(small.pixels - whole.resized(100).pixels).mean() < 0.01
    plain = open_picture(encoded(photo, kind, exif=block))
    assert np.abs(plain.pixels - whole.pixels).max() > 10 / 255
