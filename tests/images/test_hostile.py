"""Files that want all memory, all time or another program: refused at once, in one line."""

from __future__ import annotations

import io
import os
import re
import socket
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tests.images.image_samples import astronaut, encoded

import impasto
from impasto.errors import ImageError, ImpastoError, RecipeError
from impasto.files import sha256_of
from impasto.images import open_for_role, open_picture, read_recipe, read_source
from impasto.images.reading import MOST_PIXELS

BOMB = zlib.compress(bytes(1 << 26), 9)


def _png(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (8, 8), bits: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", *size, bits, 2, 0, 0, 0)
    pixels = zlib.compress(bytes((1 + size[0] * 3 * bits // 8) * size[1]) if size[1] < 99 else b"")
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")):
        check = struct.pack(">I", zlib.crc32(kind + content))
        data += struct.pack(">I", len(content)) + kind + content + check
    return data


def _tiff(width: int, height: int, samples: int) -> bytes:
    entries = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 200, 277: samples, 279: 9}
    tags = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries.items())
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + tags + bytes(500)


def _scans(count: int) -> bytes:
    data = encoded(astronaut(), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * count + data[-2:]


HUGE = "set IMPASTO_MAX_PIXELS"
HOSTILE = {
    "huge.png": (_png(size=(100_000, 100_000)), HUGE),
    "huge16.png": (_png(size=(100_000, 100_000), bits=16), HUGE),
    "huge.tif": (_tiff(100_000, 100_000, 1), HUGE),
    "nothing.tif": (_tiff(0, 1, 1), "is damaged, cut off"),
    "samples.tif": (_tiff(10_000, 10_000, 60_000), HUGE),
    "text.png": (_png((b"zTXt", b"impasto\0\0" + BOMB)), "without metadata"),
    "international.png": (_png((b"iTXt", b"impasto\0\1\0\0\0" + BOMB)), "without metadata"),
    "profile.png": (_png((b"iCCP", b"icc\0\0" + BOMB)), "without metadata"),
    "profile16.png": (_png((b"iCCP", b"icc\0\0" + BOMB), bits=16), "without metadata"),
    "scans.jpg": (_scans(3000), "a JPEG of 30.. scans"),
    "postscript.gif": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    "binary.gif": (b"\xc5\xd0\xd3\xc6" + bytes(99), "not a picture"),
    "document.png": (b"%PDF-1.4\n", "not a picture"),
    "metafile.gif": (b"\xd7\xcd\xc6\x9a" + bytes(99), "not a picture"),
}


@pytest.fixture
def _in_little_memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


@pytest.mark.usefixtures("_in_little_memory")
@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused(name: str, tmp_path: Path) -> None:
    content, said = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    for source in (tmp_path / name, content, io.BytesIO(content)):
        with pytest.raises(ImageError, match=said) as caught:
            open_picture(source, max_size=64)
        assert "\n" not in str(caught.value)
    with pytest.raises(RecipeError):
        read_recipe(tmp_path / name)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such files")
@pytest.mark.slow
def test_what_is_no_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the names of sockets are short
    monkeypatch.setattr("impasto.images.reading._PATIENCE", 0.1)
    os.mkfifo("pipe.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
        for name in ("/dev/zero", "pipe.png", "socket.png", "/dev/full"):
            with pytest.raises(ImageError):
                open_picture(name)
            with pytest.raises(RecipeError):
                read_recipe(name)
    with pytest.raises(ImageError, match="nothing is written to the pipe"):
        read_source("pipe.png")
    with pytest.raises(ImpastoError, match="a pipe or a device"):
        sha256_of(Path("/dev/zero"))


class _Endless(io.RawIOBase):
    """A picture that never ends."""

    first = encoded(astronaut(), "PNG")

    def read(self, size: int = -1, /) -> bytes:
        first, self.first = self.first, b""
        return first or bytes(size)


def test_a_stream_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_MAX_PIXELS", "1e6")
    with pytest.raises(ImageError, match="more bytes than a picture of 1 million pixels"):
        open_picture(_Endless())


def test_a_sparse_file(tmp_path: Path) -> None:
    for name, first in (("a.png", encoded(astronaut(), "PNG")), ("a.json", b"{}")):
        with (tmp_path / name).open("wb") as file:
            file.write(first)
            file.truncate(1 << 40)
        with pytest.raises(ImpastoError, match="more bytes than a picture"):
            (read_recipe if name == "a.json" else open_picture)(tmp_path / name)


def test_the_limit_can_be_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_PIXELS > 16_320 * 12_240  # of telephones
    before = Image.MAX_IMAGE_PIXELS
    monkeypatch.setenv("IMPASTO_MAX_PIXELS", "6143")
    for kind in ("PNG", "JPEG", "TIFF", "GIF"):
        with pytest.raises(ImageError, match="set IMPASTO_MAX_PIXELS"):
            open_picture(encoded(astronaut(), kind))
    monkeypatch.setenv("IMPASTO_MAX_PIXELS", "6144")
    assert open_picture(encoded(astronaut(), "PNG")).size == (96, 64)
    monkeypatch.setenv("IMPASTO_MAX_PIXELS", "many")
    with pytest.raises(ImageError, match="IMPASTO_MAX_PIXELS is 'many'"):
        open_picture(encoded(astronaut(), "PNG"))
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.slow
def test_a_photograph_of_200_megapixels(monkeypatch: pytest.MonkeyPatch) -> None:
    info = PngInfo()
    Image.new("1", (16_320, 12_240)).save(file := io.BytesIO(), "png", pnginfo=info)
    assert open_picture(file.getvalue(), max_size=64).size == (64, 48)


def test_a_gif_of_many_frames_is_its_first() -> None:
    Image.new("P", (32, 32)).save(file := io.BytesIO(), "gif")
    data = file.getvalue()
    at = data.index(b",")
    assert open_picture(data[:at] + data[at:-1] * 200_000 + b";").size == (32, 32)


@pytest.mark.parametrize("shape", [(60, 10_000), (10_000, 60)])
def test_a_strip_is_not_painted_as_a_line(shape: tuple[int, int]) -> None:
    strip = np.zeros((*shape, 3), np.uint8)
    with pytest.raises(ImageError, match="too narrow: crop it, or ask for a size of at least 1334"):
        open_for_role(strip, "content", 512)
    assert min(open_for_role(strip, "content", 1334).size) == 8
    assert min(open_for_role(strip, "style", 512).size) == 8


@pytest.mark.parametrize("shape", [(1, 1), (5000, 1), (1, 5000), (2, 2)])
@pytest.mark.parametrize("role", ["content", "style"])
def test_tiny_pictures(shape: tuple[int, int], role: str) -> None:
    with pytest.raises(ImageError, match=f"the {role} picture has .* too small"):
        open_for_role(np.zeros((*shape, 3), np.uint8), role, 512)


def test_pillow_is_told_what_it_may_open() -> None:
    """Without a list of formats it would open an EPS with Ghostscript, whatever its name is."""
    for path in Path(impasto.__file__).parent.rglob("*.py"):
        for call in re.findall(r"\bImage\.open\(.*", path.read_text("utf-8")):
            assert "formats=" in call, path
