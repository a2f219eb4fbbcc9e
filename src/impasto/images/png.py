"""The chunks of PNG files: where profile, recipe and EXIF go beside 8 or 16-bit pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = len(SIGNATURE) + 25


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Walk through the chunks of a PNG file, as far as they are whole.

    Args:
        data: The file.

    Yields:
        The type, four bytes, and the content.
    """
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += length + 12


def chunk(kind: bytes, content: bytes) -> bytes:
    """Build a chunk of a type of four bytes."""
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def insert(data: bytes, *added: bytes) -> bytes:
    """Put chunks right after the header, before the pixels and any palette.

    Args:
        data: A PNG file.
        *added: Whole chunks.

    Returns:
        The file with them.
    """
    return data[:_HEADER_END] + b"".join(added) + data[_HEADER_END:]


def bit_depth(data: bytes) -> int:
    """Return the bits of a sample, 1 to 16; 0 if the header is cut off."""
    return data[24] if len(data) > 24 else 0


def profile_chunk(icc: bytes) -> bytes:
    """Build an iCCP chunk of an ICC profile."""
    return chunk(b"iCCP", b"ICC Profile\x00\x00" + zlib.compress(icc, 9))


def text_chunk(keyword: str, text: str) -> bytes:
    """Build an iTXt chunk, not compressed."""
    return chunk(b"iTXt", keyword.encode("latin-1") + b"\x00\x00\x00\x00\x00" + text.encode())
