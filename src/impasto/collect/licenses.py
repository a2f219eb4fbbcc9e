"""Licenses of pictures, under one name each."""

from __future__ import annotations

import re

#: What can be asked for.
LICENSES = ("cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_CREATIVE = re.compile(
    r"\b(?:cc|creative commons)?[ -]*(by(?:[ -](?:nc|sa|nd))*)\b(?![a-z])", re.IGNORECASE
)
_WORDS = (
    ("attribution", "by"),
    ("noncommercial", "nc"),
    ("non-commercial", "nc"),
    ("sharealike", "sa"),
    ("share-alike", "sa"),
    ("share alike", "sa"),
    ("noderivatives", "nd"),
    ("noderivs", "nd"),
    ("no derivatives", "nd"),
)
_URL = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z+-]+)", re.IGNORECASE)


def license_name(text: str | None, url: str | None = None) -> str | None:
    """Bring the name of a license to its one spelling.

    Args:
        text: "CC BY-SA 4.0", "Public domain", "by", "Attribution-ShareAlike" …
        url: Of the license; it counts more than the text where it is one of Creative Commons.

    Returns:
        One of `LICENSES`; the text itself if it is another license; None if there is none.
    """
    known = _of_url(url or "") or _of_url(text or "")
    if known or not (text or "").strip():
        return known
    plain = " ".join((text or "").split())
    low = plain.lower()
    if re.search(r"\bcc[ -]?0\b|\bcc[ -]zero\b", low):
        return "cc0"
    if re.match(r"(public domain|pdm?\b|no known copyright|no restrictions)", low):
        return "pdm"
    for word, short in _WORDS:
        low = low.replace(word, short)
    found = _CREATIVE.match(low)
    return _ordered(found[1]) if found else plain


def _of_url(url: str) -> str | None:
    found = _URL.search(url)
    if found is None:
        return None
    kind, name = found[1].lower(), found[2].lower()
    if kind == "publicdomain":
        return "cc0" if name == "zero" else "pdm"
    return _ordered(name)


def _ordered(name: str) -> str | None:
    parts = set(re.split("[ -]+", name.lower()))
    wanted = "-".join(part for part in ("by", "nc", "sa", "nd") if part in parts)
    return wanted if wanted in LICENSES else name.lower()
