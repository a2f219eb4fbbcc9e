from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL.PngImagePlugin import putchunk
from tests.images.image_samples import astronaut, deep_astronaut, encoded

from impasto.errors import ImageError
from impasto.images import identify, open_picture


def _bomb() -> bytes:
    data = bytearray(encoded(astronaut(), "BMP"))
    data[18:26] = struct.pack("<ii", 20000, 20000)
    return bytes(data)


def _deep_bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 50000, 50000, 16, 2, 0, 0, 0)
    (file := io.BytesIO()).write(b"\x89PNG\r\n\x1a\n")
    putchunk(file, b"IHDR", header)
    putchunk(file, b"IDAT", b"")
    return file.getvalue()


BAD_FILES = {
    "empty.jpg": b"",
    "text.jpg": b"This is not a picture.\n" * 10,
    "page.png": b"<!doctype html><html></html>",
    "cut.jpg": encoded(astronaut(), "JPEG")[:1500],
    "cut.png": encoded(astronaut(), "PNG")[:5000],
    "cut.webp": encoded(astronaut(), "WEBP")[:1000],
    "cut.tif": encoded(astronaut(), "TIFF", compression="tiff_lzw")[:4000],
    "cut.bmp": encoded(astronaut(), "BMP")[:4000],
    "cut.gif": encoded(astronaut(), "GIF")[:900],
    "cut.avif": encoded(astronaut(), "AVIF")[:900],
    "cut_deep.png": bytes(imagecodecs.png_encode(deep_astronaut()))[:9000],
    "head_only.tif": b"II*\x00\x08\x00\x00\x00",
    "head_only.png": b"\x89PNG\r\n\x1a\n",
    "bomb.bmp": _bomb(),
    "bomb_deep.png": _deep_bomb(),
    "portable.ppm": b"P6 1 1 255 abc",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_raise_one_clear_line(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(BAD_FILES[name])
    with pytest.raises(ImageError) as caught:
        open_picture(path)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ": " in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_truncated_deep_tiff(tmp_path: Path) -> None:
    path = tmp_path / "deep.tif"
    for compression in (None, "zlib", "lzw"):
        tifffile.imwrite(path, deep_astronaut(), photometric="rgb", compression=compression)
        path.write_bytes(path.read_bytes()[:-500])
        with pytest.raises(ImageError, match=r"deep\.tif"):
            open_picture(path)


def test_missing_file_folder_and_odd_names(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nowhere\.jpg does not exist"):
        open_picture(tmp_path / "nowhere.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        open_picture(tmp_path)
    for name in ("a\0b", "x" * 5000):
        with pytest.raises(ImageError):
            open_picture(name)
        with pytest.raises(ImageError):
            identify(name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_forbidden_file(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(astronaut(), "PNG"))
    path.chmod(0)
    with pytest.raises(ImageError, match="may not be read"):
        open_picture(path)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((3, 4, 4), np.uint8).reshape(1, 3, 4, 4),
        np.zeros(5, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int64),
        np.zeros((4, 4), bool),
        np.full((4, 4, 3), np.nan),
        np.full((4, 4, 3), 255.0),
        np.full((4, 4, 3), -0.1, np.float32),
    ],
)
def test_bad_arrays(array: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ImageError):
        open_picture(array)


@pytest.mark.parametrize("source", [None, 3, ["a.jpg"], object()])
def test_bad_sources(source: Any) -> None:  # noqa: ANN401
    with pytest.raises(ImageError, match="cannot open"):
        open_picture(source)
