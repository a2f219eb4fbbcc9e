"""What a site asks of programs: robots.txt (RFC 9309) and robots tags."""

import re

from protego import Protego

from impasto.collect.items import RejectedError

AGENT = "impasto"
MOST_DELAY = 300.0
"""Seconds between requests; hosts that ask for more are left alone."""
#: Words of a robots tag that forbid taking pictures.
_NOT_TAKEN = frozenset({"noindex", "none", "noimageindex", "noai", "noimageai"})
#: A program at the beginning; "unavailable_after: …", "max-snippet: …" and times have a colon too.
_NAMED = re.compile(r"\s*(?!unavailable|max-|\d)([a-z0-9*._-]+)\s*:")


class RobotsRules:
    """The robots.txt of a host; `closed`: why nothing may be fetched, where it cannot be had."""

    def __init__(self, text: bytes = b"", closed: str = "") -> None:
        self._rules = Protego.parse(text.decode("utf-8-sig", errors="replace"))
        self._closed = closed
        rate = self._rules.request_rate(AGENT)
        paced = rate.seconds / rate.requests if rate and rate.requests else 0.0
        self.delay = max(self._rules.crawl_delay(AGENT) or 0.0, paced)

    def check(self, url: str) -> None:
        """Raise RejectedError for an address that a site does not want to be fetched."""
        if self._closed:
            raise RejectedError("robots", f"robots.txt cannot be fetched ({self._closed})")
        if not self._rules.can_fetch(url, AGENT):
            raise RejectedError("robots", "disallowed by robots.txt")
        if self.delay > MOST_DELAY:
            detail = f"robots.txt asks for {self.delay:.0f} seconds between requests"
            raise RejectedError("robots", detail)


def robots_tags(*values: str) -> tuple[bool, bool]:
    """Tell whether robots tags let pictures be taken, and links be followed.

    A value is such as "noindex, otherbot: nofollow"; what is meant for others does not count.
    """
    words = set()
    for value in values:
        ours = True
        for part in value.lower().split(","):
            named = _NAMED.match(part)
            ours = named[1] in (AGENT, "*") if named else ours
            if ours:
                words.add(part[named.end() if named else 0 :].strip())
    return not words & _NOT_TAKEN, not words & {"nofollow", "none"}
