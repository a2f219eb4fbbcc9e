"""Licenses of pictures, under one name each."""

import re

LICENSES = ("cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
"""Those that can be asked for."""
_URL = re.compile(r"creativecommons\.org/(?:licenses/([a-z+-]+)|publicdomain/([a-z]+))")
_CC0 = re.compile(r"(.*\b)?cc[ -]?(0|zero)\b")
_PUBLIC_DOMAIN = re.compile(r"public domain|pdm?\b|no known copyright|no restrictions")
_CREATIVE = re.compile(r"(?:cc|creative commons)?[ -]*(by(?:[ -](?:nc|sa|nd))*)\b")
_WORDS = (
    *(("attribution", "by"), ("non-?commercial", "nc"), ("share[ -]?alike", "sa")),
    ("no ?deriv(atives|s)", "nd"),
)


def license_name(text: str | None, url: str | None = None) -> str | None:
    """Return the one spelling of a license, as in `LICENSES` if it is one of them; None of none.

    `text` is "CC BY-SA 4.0", "Public domain", "Attribution-ShareAlike"…; `url` counts more where
    it is one of Creative Commons.
    """
    plain = " ".join((text or "").split())
    found = _URL.search((url or "").lower()) or _URL.search(plain.lower())
    if found and found[2]:
        return "cc0" if found[2] == "zero" else "pdm"
    low = found[1] if found else plain.lower()
    if _CC0.match(low):
        return "cc0"
    if _PUBLIC_DOMAIN.match(low):
        return "pdm"
    for word, short in _WORDS:
        low = re.sub(word, short, low)
    named = _CREATIVE.match(low)
    if named is None:
        return low if found else plain or None
    parts = re.split("[ -]", named[1])
    known = "-".join(part for part in ("by", "nc", "sa", "nd") if part in parts)
    return known if known in LICENSES else named[1]
