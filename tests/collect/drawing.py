"""Small pictures that are unlike each other, their near-duplicates, and what is broken."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageEnhance

SIZE = 96
#: Form of a picture by its number; JPEG most, as in the web.
FORMS = ("jpeg", "png", "jpeg", "webp", "jpeg", "tiff")


def draw(number: int) -> Image.Image:
    """Return a texture of its own for each number."""
    generator = np.random.default_rng(7000 + number)
    coarse = generator.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    # The same for all colors, for the most part: gray pictures are to be unlike too.
    coarse = (coarse * 0.3 + coarse[..., :1] * 0.7).astype(np.uint8)
    return Image.fromarray(coarse).resize((SIZE, SIZE), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str, quality: int = 85) -> bytes:
    """Return a picture as a file."""
    data = io.BytesIO()
    if form in ("jpeg", "webp"):
        image.save(data, form, quality=quality)
    else:
        image.save(data, form)
    return data.getvalue()


def good(number: int) -> bytes:
    """Return the file of a picture."""
    return encoded(draw(number), FORMS[number % len(FORMS)])


def near(number: int) -> bytes:
    """Return the same picture smaller, brighter or compressed more."""
    image = draw(number)
    if number % 3 == 0:
        return encoded(image, "jpeg", 55)
    if number % 3 == 1:
        return encoded(image.resize((80, 80), Image.Resampling.LANCZOS), "png")
    return encoded(ImageEnhance.Brightness(image).enhance(1.06), "jpeg", 80)


def broken(number: int) -> bytes:
    """Return what is not a picture any more: cut off, text, nothing, or garbled."""
    whole = good(5000 + number)
    half = whole[: len(whole) // 2]
    return (half, b"not found, sorry", b"", whole[:40] + bytes(300))[number % 4]


def bomb(width: int = 30000, height: int = 30000) -> bytes:
    """Return a small PNG that says that it has many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
