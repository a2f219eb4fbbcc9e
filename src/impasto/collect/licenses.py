"""Licenses of pictures, under one name each."""

import re

LICENSES = ("cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
"""Those that can be asked for."""
_URL = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z+-]+)", re.IGNORECASE)
_CC0 = re.compile(r"(?:.*\b)?cc[ -]?(?:0|zero)\b")
_PUBLIC_DOMAIN = re.compile(r"public domain|pdm?\b|no known copyright|no restrictions")
_CREATIVE = re.compile(r"(?:cc|creative commons)?[ -]*(by(?:[ -](?:nc|sa|nd))*)\b")
_WORDS = (
    (re.compile("attribution"), "by"),
    (re.compile("non-?commercial"), "nc"),
    (re.compile("share[ -]?alike"), "sa"),
    (re.compile("no ?deriv(?:atives|s)"), "nd"),
)


def license_name(text: str | None, url: str | None = None) -> str | None:
    """Bring the name of a license to its one spelling.

    Args:
        text: "CC BY-SA 4.0", "Public domain", "by", "Attribution-ShareAlike" …
        url: Of the license; counts more than the text where it is one of Creative Commons.

    Returns:
        One of `LICENSES`; the text itself if it is another license; None if there is none.
    """
    text = " ".join((text or "").split())
    found = _URL.search(url or "") or _URL.search(text)
    if found:
        kind, name = found[1].lower(), found[2].lower()
        if kind == "publicdomain":
            return "cc0" if name == "zero" else "pdm"
        return _ordered(name)
    low = text.lower()
    if _CC0.match(low):
        return "cc0"
    if _PUBLIC_DOMAIN.match(low):
        return "pdm"
    for word, short in _WORDS:
        low = word.sub(short, low)
    named = _CREATIVE.match(low)
    return _ordered(named[1]) if named else text or None


def _ordered(name: str) -> str:
    parts = re.split("[ -]", name)
    wanted = "-".join(part for part in ("by", "nc", "sa", "nd") if part in parts)
    return wanted if wanted in LICENSES else name
