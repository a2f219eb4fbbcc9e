"""The file formats of pictures: known by their first bytes when read, by a suffix when written."""

from __future__ import annotations

from pathlib import Path

from impasto.errors import ImageError

HEAD_BYTES = 32
READABLE = ("JPEG", "PNG", "WebP", "TIFF", "BMP", "GIF", "AVIF", "HEIC")

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WebP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".avif": "AVIF",
    ".heic": "HEIC",
    ".heif": "HEIC",
}
DEEP = ("PNG", "TIFF")
"""The formats that are written with 16 bits."""


def sniff(head: bytes) -> str | None:
    """Tell a picture format by the first bytes of a file.

    Args:
        head: At least `HEAD_BYTES` bytes, or the whole file if it is shorter.

    Returns:
        One of `READABLE`, or None.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    return None


def is_picture_name(path: str | Path) -> bool:
    """Tell by its suffix whether a file is likely to be a picture."""
    return Path(path).suffix.lower() in {*_SUFFIXES, ".gif"}


def _sniff_brands(head: bytes) -> str | None:
    # The major brand may be the general "mif1"; a compatible brand then tells AVIF from HEIC.
    brands = {head[start : start + 4] for start in (8, *range(16, HEAD_BYTES, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIC" if brands.intersection(_HEIC_BRANDS) else None


def format_of(name: str | Path) -> str:
    """Tell the format to write from a path, a suffix or a format's name.

    Args:
        name: Such as "out.png", ".tif" or "JPEG"; case does not matter.

    Returns:
        "PNG", "JPEG", "WebP", "TIFF", "BMP", "AVIF" or "HEIC".

    Raises:
        ImageError: impasto writes no such format.
    """
    text = str(name)
    suffix = Path(text).suffix or (text if text.startswith(".") else f".{text}")
    if isinstance(name, Path) and not name.suffix:
        suffix = ""
    kind = _SUFFIXES.get(suffix.lower())
    if kind is None:
        raise ImageError(f"cannot write {text}: end the name with one of {', '.join(_SUFFIXES)}")
    return kind
