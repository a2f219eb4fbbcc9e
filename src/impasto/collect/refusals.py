"""Why something from the web is not taken: a few words to count by, and a line to read."""

from __future__ import annotations

from collections.abc import Mapping

#: What each reason is called in a summary.
REASONS: Mapping[str, str] = {
    "url": "no web address",
    "address": "leads to a private address",
    "site": "leads to another site",
    "robots": "disallowed by robots.txt",
    "index": "not to be indexed (robots tag)",
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


class RefusalError(Exception):
    """Something that is not taken.

    Args:
        reason: One of `REASONS`.
        detail: What exactly, in one line.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
