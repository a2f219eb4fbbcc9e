"""What passes through a crawl, under which license, and why some of it is rejected."""

import re
from collections.abc import Mapping
from typing import NamedTuple

AGENT = "impasto"  # what it is called in robots.txt and robots tags
MANIFEST = "manifest.jsonl"  # the file that lists the pictures kept
LOG = "log.jsonl"  # the file that lists what was rejected, and why
NAME = ".collect.sqlite"  # the file of the state database
#: Licenses that can be asked for.
LICENSES = ("cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_DEED = re.compile(r"creativecommons\.org/(?:licenses/([a-z+-]+)|publicdomain/([a-z]+))")
_CC0 = re.compile(r"(.*\b)?cc[ -]?(0|zero)\b")
_PUBLIC_DOMAIN = re.compile(r"public domain|pdm?\b|no known copyright|no restrictions")
_CREATIVE = re.compile(r"(cc|creative commons)?[ -]*(by|attribution)\b")
_PARTS = {"nc": "nc|non-?commercial", "sa": "sa|share[ -]?alike", "nd": r"nd|no ?deriv\w+"}
#: Reasons for a rejection, and how a summary names each.
REASONS: Mapping[str, str] = {
    "url": "not a web address",
    "address": "leads to a private address",
    "site": "leads to another site",
    "robots": "disallowed by robots.txt",
    "index": "excluded by a robots tag",
    "redirects": "too many redirects",
    "busy": "server stayed busy",
    "status": "server refused",
    "network": "no answer",
    "slow": "too slow",
    "bytes": "too many bytes",
    "content": "neither picture nor page",
    "broken": "broken",
    "pixels": "too many pixels",
    "type": "other type",
    "size": "other size",
    "aspect": "other aspect",
    "license": "other license",
    "duplicate": "duplicate",
    "near-duplicate": "near-duplicate",
    "pages": "beyond the limit of pages",
    "removed": "removed by hand",
}


class CrawlItem(NamedTuple):
    """An address, and the picture that came from it: a row of the state database.

    Attributes:
        kind: "picture", "page", "api" (an answer of a collection), or "link": named like a picture,
            and perhaps a page about one.
        page: Where it was found; None: it was given.
        place: Items take their turns by this, then by `id`.
        outcome: "kept", "again" (kept by an earlier run), "visited" (read) or one of `REASONS`.
        file: The name of the picture in the folder; `replaced` is that of an older version.
    """

    url: str
    kind: str
    depth: int = 0
    page: str | None = None
    title: str | None = None
    author: str | None = None
    license: str | None = None
    license_url: str | None = None
    source: str = "web"
    width: int | None = None
    height: int | None = None
    place: int = 0
    pending: int = 1
    outcome: str | None = None
    detail: str | None = None
    etag: str | None = None
    modified: str | None = None
    file: str | None = None
    replaced: str | None = None
    sha256: str | None = None
    phash: str | None = None
    bytes: int | None = None
    type: str | None = None
    time: str | None = None
    id: int = 0


class RejectedError(Exception):
    """Something that is not taken: one of `REASONS`, the details in one line, an HTTP status."""

    def __init__(self, reason: str, detail: str, status: int = 0) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.status = reason, detail, status


def license_name(text: str | None, url: str | None = None) -> str | None:
    """Return the one spelling of a license, as in `LICENSES` if it is one of them; None of none.

    `text` is "CC BY-SA 4.0", "Public domain", "Attribution-ShareAlike"…; `url` counts more where
    it is one of Creative Commons.
    """
    plain = " ".join((text or "").split())
    found = _DEED.search((url or "").lower()) or _DEED.search(plain.lower())
    if found and found[2]:
        return "cc0" if found[2] == "zero" else "pdm"
    low = found[1] if found else plain.lower()
    if _CC0.match(low):
        return "cc0"
    if _PUBLIC_DOMAIN.match(low):
        return "pdm"
    if _CREATIVE.match(low):
        parts = (short for short, words in _PARTS.items() if re.search(rf"\b({words})\b", low))
        return "-".join(["by", *parts])
    return low if found else plain or None
