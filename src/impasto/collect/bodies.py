"""The body of an answer: read as it comes, never more than allowed, never longer than allowed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from impasto.collect.refusals import RefusalError

if TYPE_CHECKING:
    from httpx import Response

CHUNK_BYTES = 1 << 16
#: What is asked for; all others would have to be unpacked by a library without a limit.
ENCODINGS = "gzip, identity"


def body_chunks(response: Response, check: Callable[[], object]) -> Iterator[bytes]:
    """Yield the body of an answer, unpacked, in pieces of at most `CHUNK_BYTES`.

    Args:
        response: An answer that is streamed.
        check: Called before each piece; raises when it is time to stop.

    Raises:
        RefusalError: It is packed in a way that was not asked for, or damaged.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        for piece in response.iter_raw():
            check()
            yield piece
    elif encoding in ("gzip", "x-gzip", "deflate"):
        yield from _unpacked(response, check)
    else:
        raise RefusalError("content", f"packed as {encoding[:20]}, which was not asked for")


def _unpacked(response: Response, check: Callable[[], object]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, by its first bytes
    try:
        for piece in response.iter_raw():
            if unpacker.eof:
                return  # more after the end would be held in memory, however much it is
            while piece:
                check()
                # A limit for each step: a few bytes may be gigabytes of zeros.
                yield unpacker.decompress(piece, CHUNK_BYTES)
                piece = unpacker.unconsumed_tail
    except zlib.error as error:
        raise RefusalError("content", "packed, and damaged") from error


def limited(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Yield pieces as long as they are no more than allowed.

    Raises:
        RefusalError: There are more than `most` bytes.
    """
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > most:
            raise RefusalError("bytes", f"more than {most} bytes")
        yield chunk


def check_declared(response: Response, most: int) -> None:
    """Refuse an answer that says itself that it is too long.

    Raises:
        RefusalError: It is.
    """
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise RefusalError("bytes", f"{declared} bytes are announced, {most} are allowed")
