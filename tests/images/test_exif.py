"""EXIF: what stays in a saved picture, only when asked for, and byte for byte."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image
from tests.images.image_samples import astronaut, encoded

from impasto.images import open_picture

TAGGED = [(suffix, 8) for suffix in ("png", "jpg", "webp", "tif", "avif", "heic")]
TAGGED += [("png", 16), ("tif", 16)]
TEXTS = {0x010E: "Größe ☃".encode(), 0x013B: "Jürg".encode("latin-1"), 0x8298: b"plain"}
DETAILS = {0xA433: "Linsenmacher für 浮世絵".encode(), 0x9003: b"2020:01:02 03:04:05"}


def _with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x013B] = "Camera Maker", 6, "Somebody"
    exif[0x8769] = {0x9003: "2020:01:02 03:04:05", 0x829A: 0.01, 0x927C: b"secret notes"}
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 30.0), 0x1D: "2020:01:02", 0x1B: b"PLACE-METHOD"}
    return encoded(astronaut(), "JPEG", exif=exif)


@pytest.mark.parametrize(("suffix", "bits"), TAGGED)
def test_exif_stays_only_when_asked(suffix: str, bits: int) -> None:
    dropped = open_picture(_with_exif()).encode(suffix, bits)
    assert b"Camera Maker" not in dropped
    kept = open_picture(_with_exif(), keep_exif=True).encode(suffix, bits)
    assert b"PLACE-METHOD" not in kept
    assert b"secret notes" not in kept
    placed = open_picture(_with_exif(), keep_exif=True, keep_gps=True).encode(suffix, bits)
    assert b"PLACE-METHOD" in placed
    for data, gps in ((kept, False), (placed, True)):
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            assert exif[0x010F] == "Camera Maker"
            assert exif.get(0x0112, 1) == 1
            assert exif.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
            assert bool(exif.get_ifd(0x8825)) == gps
        assert open_picture(data).size == (64, 96)


def _with_texts() -> bytes:
    """Return a JPEG with EXIF texts of several encodings, packed by the letter of TIFF."""

    def directory(at: int, entries: dict[int, bytes], pointer: int) -> bytes:
        count = len(entries) + bool(pointer)
        head, body = struct.pack("<H", count), b""
        start = at + 2 + 12 * count + 4
        for tag, text in sorted(entries.items()):
            assert len(text) >= 4
            head += struct.pack("<HHII", tag, 2, len(text) + 1, start + len(body))
            body += text + b"\x00"
        head += struct.pack("<HHII", 0x8769, 4, 1, pointer) if pointer else b""
        return head + bytes(4) + body

    first = directory(8, TEXTS, len(directory(8, TEXTS, 1)) + 8)
    block = b"II*\x00" + struct.pack("<I", 8) + first + directory(8 + len(first), DETAILS, 0)
    return encoded(astronaut(), "JPEG", exif=b"Exif\x00\x00" + block)


@pytest.mark.parametrize(("suffix", "bits"), TAGGED)
def test_exif_texts_keep_their_bytes(suffix: str, bits: int) -> None:
    data = open_picture(_with_texts(), keep_exif=True).encode(suffix, bits)
    data = open_picture(data, keep_exif=True).encode(suffix, bits)  # and again
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        details = exif.get_ifd(0x8769)
    for expected, found in ((TEXTS, exif), (DETAILS, details)):
        for tag, text in expected.items():
            assert found[tag].encode("latin-1") == text  # how Pillow shows bytes
            assert text + b"\x00" in data


def test_keeping_the_place_keeps_the_rest() -> None:
    both = open_picture(_with_exif(), keep_exif=True, keep_gps=True)
    assert both.exif is not None
    assert open_picture(_with_exif(), keep_gps=True).exif == both.exif
