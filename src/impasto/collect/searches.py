"""Open collections that are searched through their programs' interfaces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from impasto.collect import met, openverse, wikimedia
from impasto.collect.entries import Lead
from impasto.collect.findings import Findings
from impasto.collect.options import CollectOptions
from impasto.collect.refusals import RefusalError
from impasto.collect.urls import given, normalized
from impasto.errors import SettingsError


class Source(NamedTuple):
    """A collection.

    Attributes:
        api: Where its interface is.
        first_url: Returns what to ask first.
        read: Reads an answer.
    """

    api: str
    first_url: Callable[[str, str, CollectOptions], str]
    read: Callable[[Any, str], Findings]


SOURCES: Mapping[str, Source] = {
    "wikimedia": Source(wikimedia.API, wikimedia.first_url, wikimedia.read),
    "openverse": Source(openverse.API, openverse.first_url, openverse.read),
    "met": Source(met.API, met.first_url, met.read),
}


def first_lead(text: str, source: str, api: str | None, options: CollectOptions) -> Lead:
    """Return the lead that a search begins with.

    Args:
        text: What to look for.
        source: One of `SOURCES`.
        api: Another place of the same interface.
        options: How to collect.

    Raises:
        SettingsError: There is no such source, nothing to look for, or the place is no address.
    """
    if source not in SOURCES:
        raise SettingsError(f"source must be one of {', '.join(SOURCES)}; not {source!r}")
    if not text.strip():
        raise SettingsError('search is empty: say what to look for, as in --search "sunflowers"')
    place = given(api).rstrip("/") if api else SOURCES[source].api
    url = normalized(SOURCES[source].first_url(place, text.strip(), options))
    return Lead(url, "api", source=source)


def read_answer(data: bytes, url: str, source: str) -> list[Lead]:
    """Return what an answer leads to: pictures, and further answers.

    Args:
        data: JSON.
        url: Of the answer.
        source: One of `SOURCES`.

    Raises:
        RefusalError: It is not what the collection's documentation says.
    """
    try:
        found = SOURCES[source].read(json.loads(data), url)
        leads = list(_pictures(found.pictures, url, source))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RefusalError("content", f"no answer of {source} that impasto understands") from error
    further = (Lead(normalized(each), "api", 0, url, source=source) for each in found.further)
    return [*leads, *further]


def _pictures(found: Iterable[Lead], answer: str, source: str) -> Iterator[Lead]:
    for lead in found:
        try:
            url, page = normalized(lead.url, answer), normalized(lead.page or answer)
        except RefusalError:
            continue
        yield lead._replace(url=url, page=page, source=source)
