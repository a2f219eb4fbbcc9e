"""Open collections, searched through their APIs: Wikimedia, Openverse, the Metropolitan Museum."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from impasto.collect.items import CrawlItem
from impasto.collect.licenses import license_name
from impasto.collect.options import CollectOptions
from impasto.collect.rejections import RejectedError
from impasto.collect.urls import given, normalized
from impasto.errors import SettingsError

_TAG = re.compile(r"<[^<>]{0,2000}>")
_CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
_WIKIMEDIA_QUERY = {
    "action": "query",
    "format": "json",
    "formatversion": "2",
    "generator": "search",
    "gsrnamespace": "6",
    "gsrlimit": "50",
    "prop": "imageinfo",
    "iiprop": "url|size|mime|extmetadata|sha1",
    "iiextmetadatafilter": "ObjectName|Artist|LicenseShortName|LicenseUrl",
}


class Source(NamedTuple):
    """A collection.

    Attributes:
        api: The address of its API.
        path: Between that and the query.
        query: Returns the query for some words.
        read: Returns what an answer (JSON, its address) holds: pictures, and "api" for more.
    """

    api: str
    path: str
    query: Callable[[str, CollectOptions], Mapping[str, str]]
    read: Callable[[Any, str], Iterator[CrawlItem]]


def first_item(text: str, source: str, api: str | None, options: CollectOptions) -> CrawlItem:
    """Return the item that a search begins with.

    Args:
        text: What to look for.
        source: One of `SOURCES`.
        api: Another address of the same API.
        options: How to collect.

    Raises:
        SettingsError: There is no such source, nothing to look for, or `api` is not an address.
    """
    if source not in SOURCES:
        raise SettingsError(f"source must be one of {', '.join(SOURCES)}; not {source!r}")
    if not text.strip():
        raise SettingsError('search is empty: say what to look for, as in --search "sunflowers"')
    row = SOURCES[source]
    query = urlencode(row.query(text.strip(), options))
    place = given(api).rstrip("/") if api else row.api
    return CrawlItem(normalized(f"{place}{row.path}?{query}"), "api", source=source)


def read_answer(data: bytes, url: str, source: str) -> list[CrawlItem]:
    """Return what the answer (JSON) of a source leads to: pictures, and further answers.

    Raises:
        RejectedError: It is not what the collection's documentation says.
    """
    items = []
    try:
        for item in SOURCES[source].read(json.loads(data), url):
            if not item.url:
                continue
            try:
                place, page = normalized(item.url, url), normalized(item.page or url)
            except RejectedError:
                continue
            items.append(item._replace(url=place, page=page, source=source))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RejectedError("content", f"not an answer of {source} that can be read") from error
    return items


def _read_wikimedia(data: Any, url: str) -> Iterator[CrawlItem]:  # noqa: ANN401 (JSON)
    pages = data.get("query", {}).get("pages", [])
    for page in sorted(pages, key=lambda page: page.get("index", 0)):
        for info in page.get("imageinfo", []):
            more = {name: each.get("value") for name, each in info.get("extmetadata", {}).items()}
            said = {
                "page": info.get("descriptionurl"),
                "title": _plain(more.get("ObjectName")) or page.get("title"),
                "author": more.get("Artist"),
                "license": more.get("LicenseShortName"),
                "license_url": more.get("LicenseUrl"),
            }
            yield _picture({**info, **said})
    if data.get("continue"):
        yield _further(url, {name: str(value) for name, value in data["continue"].items()})


def _read_openverse(data: Any, url: str) -> Iterator[CrawlItem]:  # noqa: ANN401 (JSON)
    for each in data.get("results", []):
        said = {"page": each.get("foreign_landing_url"), "author": each.get("creator")}
        yield _picture({**each, **said})
    page = int(parse_qs(urlsplit(url).query).get("page", ["1"])[0])
    if data.get("results") and page < data.get("page_count", 0):
        yield _further(url, {"page": str(page + 1)})


def _read_met(data: Any, url: str) -> Iterator[CrawlItem]:  # noqa: ANN401 (JSON)
    api = url.rpartition("/search?")[0]
    for number in data.get("objectIDs") or []:
        yield CrawlItem(f"{api}/objects/{number:d}", "api")
    # Works under copyright have no primaryImage, or one that may not be used.
    if data.get("isPublicDomain"):
        said = {
            "url": data.get("primaryImage"),
            "page": data.get("objectURL"),
            "author": data.get("artistDisplayName"),
            "license": "cc0",
            "license_url": _CC0,
        }
        yield _picture({**data, **said})


def _picture(said: Mapping[str, Any]) -> CrawlItem:
    names = ("title", "author", "license", "license_url")
    known: dict[str, Any] = {name: _plain(said.get(name)) for name in names}
    known["license"] = license_name(known["license"], known["license_url"])
    for name in ("width", "height"):
        value = said.get(name)
        known[name] = value if isinstance(value, int) and 0 < value < 1 << 31 else None
    return CrawlItem(said.get("url") or "", "picture", page=said.get("page"), **known)


def _plain(text: object) -> str | None:
    """Return a text without markup; None if there is nothing in it."""
    if not isinstance(text, str):
        return None
    whole = text.encode(errors="replace").decode()  # JSON may hold half a character
    return " ".join(unescape(_TAG.sub(" ", whole)).split())[:300] or None


def _further(url: str, changes: Mapping[str, str]) -> CrawlItem:
    """Return another answer: the same address with parameters of its query changed."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **changes}
    return CrawlItem(parts._replace(query=urlencode(query)).geturl(), "api")


def _openverse_query(text: str, options: CollectOptions) -> dict[str, str]:
    query = {"q": text, "page_size": "20", "page": "1"}  # as many as without registration
    if options.license is not None:
        query["license"] = ",".join(options.license)
    return query


SOURCES: Mapping[str, Source] = {
    "wikimedia": Source(
        "https://commons.wikimedia.org/w/api.php",
        "",
        lambda text, _: {**_WIKIMEDIA_QUERY, "gsrsearch": f"{text} filetype:bitmap"},
        _read_wikimedia,
    ),
    "openverse": Source(
        "https://api.openverse.org/v1", "/images/", _openverse_query, _read_openverse
    ),
    "met": Source(
        "https://collectionapi.metmuseum.org/public/collection/v1",
        "/search",
        lambda text, _: {"hasImages": "true", "q": text},
        _read_met,
    ),
}
"""The collections that can be searched."""
