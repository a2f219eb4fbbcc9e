"""Pictures and files that the tests of this folder share."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image


def astronaut(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """Return a part of a photograph, uint8 (height, width, 3)."""
    return photograph("astronaut")[40 : 40 + height, 170 : 170 + width].copy()


def photograph(name: str) -> NDArray[np.uint8]:
    """Return a photograph that scikit-image brings along, uint8 (H, W, 3)."""
    load: Callable[[], NDArray[np.uint8]] = getattr(skimage.data, name)
    return load()


def deep_astronaut() -> NDArray[np.uint16]:
    """Return a 16-bit photograph whose low bytes matter, uint16 (64, 96, 3)."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint16)
    return astronaut().astype(np.uint16) * 256 + noise


def encoded(image: Image.Image | NDArray[Any], kind: str, **options: Any) -> bytes:  # noqa: ANN401
    """Encode with Pillow alone."""
    file = io.BytesIO()
    plain = image if isinstance(image, Image.Image) else Image.fromarray(image)
    plain.save(file, kind, **options)
    return file.getvalue()


def wide_gamut_profile() -> bytes:
    """Return an ICC profile with the primaries of Adobe RGB (1998) and gamma 2.2."""
    return bytes(
        imagecodecs.cms_profile(
            "rgb",
            whitepoint=[0.3127, 0.329, 1.0],
            primaries=[0.64, 0.33, 1, 0.21, 0.71, 1, 0.15, 0.06, 1],
            gamma=2.2,
        )
    )


def cmyk_profile() -> bytes:
    """Return an ICC profile of a printer with warm paper: a table of its 16 corners in Lab."""
    identity = bytes(range(256))
    corners = [
        (0 if k else 250 - 60 * c - 75 * m - 15 * y, 128 + 60 * (m - c), 138 + 50 * (y - c))
        for c, m, y, k in itertools.product((0, 1), repeat=4)
    ]
    matrix = struct.pack(">9i", *(65536, 0, 0, 0, 65536, 0, 0, 0, 65536))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix
    table += identity * 4 + bytes(itertools.chain(*corners)) + identity * 3
    white = struct.pack(">3i", 63190, 65536, 54061)
    head = struct.pack(">II4s4s4s", 144 + len(table), 0, b"\x02\x40\x00\x00", b"prtr", b"CMYK")
    head += b"Lab " + bytes(12) + b"acsp" + bytes(28) + white + bytes(48)
    return head + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table


def decode_png16(data: bytes) -> NDArray[np.uint16]:
    """Decode a 16-bit PNG by the letter of its specification, without any library."""
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 16
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
    at, packed = 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert zlib.crc32(name + content) == checksum
        packed += content if name == b"IDAT" else b""
        at += 12 + length
    raw, step, stride = zlib.decompress(packed), channels * 2, width * channels * 2
    above, rows = bytes(stride), []
    for row in range(height):
        line = raw[row * (stride + 1) : (row + 1) * (stride + 1)]
        above = _unfiltered(line[0], line[1:], above, step)
        rows.append(np.frombuffer(above, ">u2").reshape(width, channels))
    return np.stack(rows).astype(np.uint16)


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    result = bytearray(line)
    for index in range(len(line)):
        left = result[index - step] if index >= step else 0
        corner = above[index - step] if index >= step else 0
        up = above[index]
        guess = left + up - corner
        nearest = min((abs(guess - left), 0), (abs(guess - up), 1), (abs(guess - corner), 2))[1]
        predicted = (0, left, up, (left + up) // 2, (left, up, corner)[nearest])[kind]
        result[index] = (line[index] + predicted) & 255
    return bytes(result)
