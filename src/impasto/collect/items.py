"""What passes through a crawl, and why some of it is rejected."""

from collections.abc import Mapping
from typing import NamedTuple

MANIFEST = "manifest.jsonl"
"""The file that lists the pictures kept."""
LOG = "log.jsonl"
"""The file that lists what was rejected, and why."""
NAME = ".collect.sqlite"
"""The file of the state database."""
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
    """Something that is not taken: one of `REASONS`, and the details in one line."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
