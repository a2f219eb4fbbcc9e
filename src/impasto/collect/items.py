"""What is asked for, what passes through a crawl, and why some of it is rejected."""

import re
import zlib
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, NamedTuple

from impasto.errors import SettingsError
from impasto.settings.declaration import checked, option, plain_types

AGENT = "impasto"  # what it is called in robots.txt and robots tags
MANIFEST, LOG = "manifest.jsonl", "log.jsonl"  # what is kept; what is rejected, and why
NAME = ".collect.sqlite"  # the file of the state database
#: Licenses that can be asked for.
LICENSES = ("cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_DEED = re.compile(r"creativecommons\.org/(?:licenses/([a-z+-]+)|publicdomain/([a-z]+))")
_CC0 = re.compile(r"(.*\b)?cc[ -]?(0|zero)\b")
_PUBLIC_DOMAIN = re.compile(r"public domain|pdm?\b|no known copyright|no restrictions")
_CREATIVE = re.compile(r"(cc|creative commons)?[ -]*(by|attribution)\b")
_PARTS = {"nc": "nc|non-?commercial", "sa": "sa|share[ -]?alike", "nd": r"nd|no ?deriv\w+"}
#: Types of pictures, as their files' names end.
TYPES = ("jpg", "png", "webp", "avif", "heic", "tiff", "gif", "bmp")
_LICENSE: dict[str, Any] = {"items": str, "choices": LICENSES, "aliases": ("--licence",)}
_much = partial(option, group="How much")
_which = partial(option, group="Which")
_politely = partial(option, group="Politeness")


@dataclass(frozen=True, kw_only=True)
class CollectOptions:
    """How pictures are collected; a `SettingsError` names an option that cannot be so."""

    limit: int = _much(200, "Maximum pictures in the folder, old ones included.", least=1)
    depth: int = _much(0, "Follow links this many pages deep.", least=0)
    pages: int = _much(1000, "Maximum number of pages to read.", least=1)
    any_site: bool = _much(False, "Follow links to other sites too.")
    min_size: int = _which(200, "Minimum shorter side, in pixels.", least=1)
    max_size: int = _which(20000, "Maximum longer side, in pixels.", least=1)
    aspect: tuple[float, ...] = _which(
        (0.2, 5.0), "Minimum and maximum width / height.", items=float, above=0.0
    )
    types: tuple[str, ...] = _which(TYPES, "Types, told by the content.", items=str, choices=TYPES)
    license: tuple[str, ...] | None = _which(
        None, f"Only under these: {', '.join(LICENSES)}.", shown="any", **_LICENSE
    )
    near: int = _which(6, "Bits (of 64) by which near-duplicates differ at most.", least=0, most=24)
    delay: float = _politely(1.0, "Seconds between requests to a host.", least=0.0, most=3600.0)
    timeout: float = _politely(60.0, "Maximum seconds for a file or page.", above=0.0)
    max_bytes: int = _politely(50_000_000, "Maximum bytes of a picture.", least=1)
    max_page_bytes: int = _politely(5_000_000, "Maximum bytes of a page.", least=1)

    def __post_init__(self) -> None:
        kinds = plain_types(CollectOptions)
        for each in fields(self):
            value = getattr(self, each.name)
            value = value.lower() if isinstance(value, str) else value
            object.__setattr__(self, each.name, checked(each, value, kinds[each.name]))
        if self.min_size > self.max_size:
            raise SettingsError(f"min_size {self.min_size} is above max_size {self.max_size}")
        if len(self.aspect) != 2 or self.aspect[0] > self.aspect[1]:
            raise SettingsError("aspect must be two numbers, from and to: 0.5,2")

    def digest(self) -> int:
        """Return what tells these options from others; limit and politeness make no difference."""
        none = ("limit", "delay", "timeout")
        values = {name: value for name, value in asdict(self).items() if name not in none}
        return zlib.crc32(str(values).encode()) >> 1


class CrawlItem(NamedTuple):
    """An address, and the picture that came from it: a row of the state database."""

    url: str
    kind: str  # picture, page, api (a collection's answer), link: named as a picture, may be a page
    depth: int = 0
    page: str | None = None  # where it was found; None: it was given
    title: str | None = None
    author: str | None = None
    license: str | None = None
    license_url: str | None = None
    source: str = "web"
    width: int | None = None
    height: int | None = None
    place: int = 0  # items take their turns by this, then by `id`
    pending: int = 1
    outcome: str | None = None  # kept, again (kept by an earlier run), visited or why not
    detail: str | None = None
    etag: str | None = None
    modified: str | None = None
    file: str | None = None  # the name of the picture in the folder
    replaced: str | None = None  # that of an older version
    sha256: str | None = None
    phash: str | None = None
    bytes: int | None = None
    type: str | None = None
    time: str | None = None
    id: int = 0


class RejectedError(Exception):
    """Something that is not taken: why in a word, the details in one line, an HTTP status."""

    def __init__(self, reason: str, detail: str, status: int = 0) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.status = reason, detail, status


def license_name(text: str | None, url: str | None = None) -> str | None:
    """Return the one spelling of a license, in `LICENSES` if it is there; its address says more."""
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
