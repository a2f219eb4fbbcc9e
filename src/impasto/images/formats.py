"""File formats of pictures, told by first bytes when read and by a suffix when written; names."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from impasto.errors import ImageError

HEAD_BYTES = 32
_MAGIC = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "WebP": rb"RIFF....WEBP",
    "TIFF": rb"II[*+]\x00|MM\x00[*+]",
    "BMP": rb"BM",
    "GIF": rb"GIF8[79]a",
    # The major brand may be the general "mif1"; a compatible brand then tells AVIF from HEIC.
    "AVIF": rb"....ftyp(....)*avi[fs]",
    "HEIC": rb"....ftyp(....)*(hei[cmsx]|hev[cx]|mif1|msf1)",
}
READABLE = tuple(_MAGIC)
_SUFFIXES = {
    ".png": "PNG",
    **dict.fromkeys((".jpg", ".jpeg", ".jfif"), "JPEG"),
    ".webp": "WebP",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    ".bmp": "BMP",
    ".avif": "AVIF",
    **dict.fromkeys((".heic", ".heif"), "HEIC"),
}
WITH_16_BITS = ("PNG", "TIFF")  # the formats that are written with 16 bits
MOST_SIDE = {"JPEG": 65_500, "WebP": 16_383}
"""The most pixels a side of formats that have a limit below that of memory."""
_LONGEST = 160
"""Bytes of a name; file systems allow 255, and a number and a suffix still have to fit."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')


def sniff(head: bytes) -> str | None:
    """Tell a format of `READABLE`, or None, by the first `HEAD_BYTES` bytes of a file, or more."""
    head = head[:HEAD_BYTES]
    return next((kind for kind, magic in _MAGIC.items() if re.match(magic, head, re.DOTALL)), None)


def pillow_format(kind: str) -> str:
    """Return Pillow's name of a format, which it can then read and write."""
    if kind == "HEIC":
        import pillow_heif

        pillow_heif.register_heif_opener()
    return {"WebP": "WEBP", "HEIC": "HEIF"}.get(kind, kind)


def is_16bit_png(data: bytes) -> bool:
    """Tell by the header of a PNG whether its samples have 16 bits, of which Pillow keeps eight."""
    return data[24:25] == b"\x10"


def is_picture_name(path: str | Path) -> bool:
    """Tell by its suffix whether a file is likely to be a picture."""
    return Path(path).suffix.lower() in {*_SUFFIXES, ".gif"}


def format_of(name: str | Path) -> str:
    """Tell the format to write from a path, a suffix or a format's name, or raise `ImageError`."""
    suffix = Path(name).suffix
    if not suffix and isinstance(name, str):
        suffix = f".{name.removeprefix('.')}"
    if (kind := _SUFFIXES.get(suffix.lower())) is None:
        raise ImageError(f"cannot write {name}: end the name with one of {', '.join(_SUFFIXES)}")
    return kind


def output_name(content_name: str, style_names: Sequence[str]) -> str:
    """Name an output after its content and its styles, such as "photo-painting", without a suffix.

    Suffixes of pictures go. The name is safe in common file systems; "picture" if nothing is left.
    """
    parts = [_safe(name) for name in (content_name, *style_names)]
    whole = "-".join(part for part in parts if part)
    return whole.encode()[:_LONGEST].decode(errors="ignore").rstrip("-_. ") or "picture"


def _safe(name: str) -> str:
    plain = unicodedata.normalize("NFC", name).encode(errors="ignore").decode()
    if is_picture_name(plain):
        plain = plain[: -len(Path(plain).suffix)]
    # A leading dot would hide the file and a leading dash would look like an option.
    return _UNSAFE.sub("_", plain).strip("-_. ")
