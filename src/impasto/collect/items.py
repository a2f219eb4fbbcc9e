"""What passes through a crawl, and what becomes of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

MANIFEST = "manifest.jsonl"
"""The file that lists the pictures kept."""
LOG = "log.jsonl"
"""The file that lists what was rejected, and why."""


class CrawlItem(NamedTuple):
    """An address to fetch, and the picture that came from it: a row of the state database.

    `kind` is "picture", "page", "link" (named like a picture, and perhaps a page about one) or
    "api". `page` is where the address was found, None where it was given. Items take their turns
    by `place`, then `id`. `outcome` is "kept", "visited" or a reason. Only pictures in the folder
    have a `file`; `replaced` is a file that a newer version has replaced and nobody deleted yet.
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
    number: int | None = None
    file: str | None = None
    replaced: str | None = None
    sha256: str | None = None
    phash: str | None = None
    bytes: int | None = None
    type: str | None = None
    time: str | None = None
    id: int = 0


@dataclass(frozen=True)
class Taken:
    """A picture that is in the folder now.

    Attributes:
        url: Where it came from.
        path: Where it is.
        again: Whether an earlier run took it.
    """

    url: str
    path: Path
    again: bool = False


@dataclass(frozen=True)
class Rejected:
    """An address that was not taken.

    Attributes:
        url: Which one.
        page: Where it was found; None: it was given.
        reason: One of `REASONS`.
        detail: The exact reason.
    """

    url: str
    page: str | None
    reason: str
    detail: str


@dataclass(frozen=True)
class Visited:
    """A page, or an answer of a collection, that was read.

    Attributes:
        url: Its address.
    """

    url: str


Event = Taken | Rejected | Visited
