from __future__ import annotations

import io
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.images.image_samples import astronaut, encoded

from impasto.errors import ImageError
from impasto.images import Picture, Source, identify, open_picture, read_source
from impasto.images.reading import read_bytes, suppress_warnings


def test_streams_stdin_and_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(data := encoded(astronaut(), "PNG"))
    with path.open("rb") as file:
        source = read_source(file)
    assert identify(source) == identify(path)
    assert open_picture(source).name == "photo"
    assert identify(path).name == "photo.png"
    assert identify(data) == ("bytes", identify(path).sha256)

    class Stdin:
        buffer = io.BytesIO(data)

    monkeypatch.setattr(sys, "stdin", Stdin())
    source = read_source("-")
    assert identify(source) == ("stdin", identify(path).sha256)
    np.testing.assert_array_equal(open_picture(source).to_array(np.uint8), astronaut())


def test_identity_of_pixels() -> None:
    photo = astronaut()
    assert identify(photo).name == "pixels"
    different: list[Source] = [
        photo,
        photo.astype(np.uint16),
        photo.reshape(96, 64, 3),
        photo[::-1],
        Picture((photo / 255).astype(np.float32)),
    ]
    assert len({identify(source).sha256 for source in different}) == len(different)
    assert identify(Image.fromarray(photo)).sha256 == identify(photo).sha256


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    import threading

    path = tmp_path / "pipe.png"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(encoded(astronaut(), "PNG")))
    writer.start()
    source = read_source(path)
    writer.join()
    assert identify(source).name == "pipe.png"
    assert open_picture(source).name == "pipe"


def test_a_picture_passes_through() -> None:
    picture = open_picture(astronaut())
    assert open_picture(picture) is picture
    assert open_picture(picture, max_size=32).size[0] == 32
    with pytest.raises(ImageError, match="max_size"):
        open_picture(picture, max_size=0)


def test_suppressing_warnings_restores_the_filters() -> None:
    import warnings

    before = list(warnings.filters)
    with suppress_warnings(), suppress_warnings():
        pass
    assert list(warnings.filters) == before


def test_given_arrays_and_images_are_left_alone() -> None:
    array = astronaut().astype(np.float32) / 255
    picture = open_picture(array)
    array[:] = 0
    assert picture.pixels.max() > 0.5
    with Image.open(io.BytesIO(encoded(astronaut(), "JPEG"))) as image:
        open_picture(image, max_size=8)
        assert image.size == (96, 64)


def test_a_damaged_image_of_pillow_is_a_clear_error() -> None:
    for kind, length in (("JPEG", 1500), ("PNG", 5000)):
        image = Image.open(io.BytesIO(encoded(astronaut(), kind)[:length]))
        with pytest.raises(ImageError, match="damaged"):
            identify(image)


def test_a_file_is_held_once(tmp_path: Path) -> None:
    (path := tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff" + bytes(10_000_000))
    assert _peak(lambda: read_bytes(path)) < 11_000_000


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("bits", [8, 16])
def test_pixels_become_integers_in_little_memory(channels: int, bits: int) -> None:
    picture = open_picture(np.zeros((2000, 2000, channels), np.uint8))
    result = 4_000_000 * channels * bits // 8
    assert _peak(lambda: picture.to_array(f"u{bits // 8}")) < result + 10_000_000


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
