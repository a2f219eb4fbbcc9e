"""What a site asks of programs: robots.txt, once for each host (RFC 9309), and robots tags."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from impasto.collect.refusals import RefusalError
from impasto.collect.urls import origin

if TYPE_CHECKING:
    from protego import Protego

AGENT = "impasto"
MOST_BYTES = 512 * 1024
MOST_DELAY = 300.0
"""Seconds between requests that are waited; hosts that ask for more are not asked."""
#: Words of a robots tag after which a picture is not taken.
_NOT_TAKEN = frozenset({"noindex", "none", "noimageindex", "noai", "noimageai"})
#: A program at the beginning; "unavailable_after: …", "max-snippet: …" and times have a colon too.
_NAMED = re.compile(r"\s*(?!unavailable|max-|\d)([a-z0-9*._-]+)\s*:")

FetchRobots = Callable[[str], tuple[int, bytes]]
"""What returns status and text of a robots.txt; raises RefusalError where nothing answers."""


class _Rules(NamedTuple):
    rules: Protego | None
    closed: str


class Robots:
    """The robots.txt of every host, asked for when it is first needed.

    Args:
        fetch: How it is fetched.
    """

    #: Hosts whose rules are kept.
    MOST_HOSTS = 256

    def __init__(self, fetch: FetchRobots) -> None:
        self._fetch = fetch
        self._known: dict[str, _Rules] = {}
        self._lock = threading.Lock()

    def check(self, url: str) -> None:
        """Refuse what a site does not want to be asked for.

        Raises:
            RefusalError: Its robots.txt disallows it, or cannot be had though there is one.
        """
        found = self._rules(url)
        if found.closed:
            raise RefusalError("robots", found.closed)
        if found.rules is not None and not found.rules.can_fetch(url, AGENT):
            raise RefusalError("robots", "disallowed by robots.txt")
        if self.delay(url) > MOST_DELAY:
            raise RefusalError(
                "robots", f"robots.txt asks for {self.delay(url):.0f} seconds between requests"
            )

    def delay(self, url: str) -> float:
        """Return the seconds between requests that a site asks for."""
        rules = self._rules(url).rules
        if rules is None:
            return 0.0
        rate = rules.request_rate(AGENT)
        paced = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(rules.crawl_delay(AGENT) or 0.0, paced)

    def _rules(self, url: str) -> _Rules:
        place = origin(url)
        with self._lock:
            known = self._known.get(place)
        if known is None:
            known = self._ask(place)
            with self._lock:
                self._known[place] = known
                if len(self._known) > self.MOST_HOSTS:
                    del self._known[next(iter(self._known))]
        return known

    def _ask(self, place: str) -> _Rules:
        from protego import Protego

        try:
            status, text = self._fetch(f"{place}/robots.txt")
        except RefusalError as error:
            return _Rules(None, f"robots.txt cannot be had ({error.detail})")
        if status == 429 or status >= 500:
            return _Rules(None, f"robots.txt cannot be had (the server answered {status})")
        if status >= 300:
            return _Rules(None, "")
        return _Rules(Protego.parse(text.decode("utf-8-sig", errors="replace")), "")


def tag_words(value: str) -> frozenset[str]:
    """Return the words of a robots tag, those for other programs left out.

    Args:
        value: Of `<meta name="robots">` or `X-Robots-Tag`: "noindex, otherbot: nofollow".
    """
    words, ours = set(), True
    for part in value.lower().split(","):
        named = _NAMED.match(part)
        if named:
            ours = named[1] in (AGENT, "*")
        if ours:
            words.add(part[named.end() if named else 0 :].strip())
    return frozenset(words)


def may_take(words: frozenset[str]) -> bool:
    """Tell whether pictures may be taken under a robots tag."""
    return not words & _NOT_TAKEN


def may_follow(words: frozenset[str]) -> bool:
    """Tell whether links may be followed under a robots tag."""
    return not words & {"nofollow", "none"}
