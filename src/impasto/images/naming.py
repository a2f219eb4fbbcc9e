"""Names for outputs, made of the names of what went in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

from impasto.images.formats import is_picture_name

_LONGEST = 160
"""Bytes of a name; file systems allow 255, and a number and a suffix still have to fit."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')


def output_name(content_name: str, style_names: Sequence[str]) -> str:
    """Name an output after its content and its styles, without a suffix.

    Args:
        content_name: Name of the content picture; a picture's suffix is dropped.
        style_names: Names of the styles, in order.

    Returns:
        Such as "photo-painting"; safe in every common file system, "picture" if nothing is left.
    """
    parts = [_safe(name) for name in (content_name, *style_names)]
    whole = "-".join(part for part in parts if part)
    short = whole.encode()[:_LONGEST].decode(errors="ignore").rstrip("-_. ")
    return short or "picture"


def _safe(name: str) -> str:
    plain = unicodedata.normalize("NFC", name).encode(errors="ignore").decode()
    if is_picture_name(plain):
        plain = plain[: -len(PurePath(plain).suffix)]
    # A leading dot would hide the file and a leading dash would look like an option.
    return _UNSAFE.sub("_", plain).strip("-_. ")
