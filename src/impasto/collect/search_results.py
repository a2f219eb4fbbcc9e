"""Open collections, searched through their APIs: Wikimedia, Openverse, the Metropolitan Museum."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from impasto.collect.addresses import normalized
from impasto.collect.items import CrawlItem, RejectedError, license_name

_TAG, _CC0 = re.compile(r"<[^<>]{0,2000}>"), "https://creativecommons.org/publicdomain/zero/1.0/"


class Source(NamedTuple):
    """A collection: where its API is, what to ask it for some words, and how to read that."""

    api: str
    query: str
    read: Callable[[Any, str], Iterator[CrawlItem]]


def read_answer(data: bytes, url: str, source: str) -> list[CrawlItem]:
    """Return what the answer (JSON) of a source leads to: pictures, and further answers."""
    items = []
    try:
        for item in SOURCES[source].read(json.loads(data), url):
            with suppress(RejectedError):
                place, page = normalized(item.url, url), normalized(item.page or url)
                items.append(item._replace(url=place, page=page, source=source))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RejectedError("content", f"not an answer of {source} that can be read") from error
    return items


def _wikimedia(data: Any, url: str) -> Iterator[CrawlItem]:  # noqa: ANN401 (JSON)
    pages = data.get("query", {}).get("pages", [])
    for page in sorted(pages, key=lambda page: page.get("index", 0)):
        for info in page.get("imageinfo", []):
            more = {name: each.get("value") for name, each in info.get("extmetadata", {}).items()}
            more["ObjectName"] = _plain(more.get("ObjectName")) or page.get("title")
            names = "url descriptionurl ObjectName Artist LicenseShortName LicenseUrl"
            yield _picture({**info, **more}, names)
    if data.get("continue"):
        yield _further(url, data["continue"])


def _openverse(data: Any, url: str) -> Iterator[CrawlItem]:  # noqa: ANN401 (JSON)
    for each in data.get("results", []):
        yield _picture(each, "url foreign_landing_url title creator license license_url")
    page = int((re.findall(r"[?&]page=(\d+)", url) or ["1"])[0])
    if data.get("results") and page < data.get("page_count", 0):
        yield _further(url, {"page": page + 1})


def _met(data: Any, url: str) -> Iterator[CrawlItem]:  # noqa: ANN401 (JSON)
    for number in data.get("objectIDs") or []:
        yield CrawlItem(f"{url.rpartition('/search?')[0]}/objects/{number:d}", "api")
    # Works under copyright have no primaryImage, or one that may not be used.
    if data.get("isPublicDomain"):
        said = {**data, "license": "cc0", "license_url": _CC0}
        yield _picture(said, "primaryImage objectURL title artistDisplayName license license_url")


def _picture(said: Mapping[str, Any], names: str) -> CrawlItem:
    """Return what is said of a picture under the names of address, page, title, author, license."""
    url, page, *texts = (said.get(name) for name in names.split())
    title, author, license, license_url = map(_plain, texts)
    sizes = (said.get("width"), said.get("height"))
    width, height = (n if isinstance(n, int) and 0 < n < 1 << 31 else None for n in sizes)
    known = license_name(license, license_url)
    item = CrawlItem(url or "", "picture", 0, page, title, author, known, license_url)
    return item._replace(width=width, height=height)


def _plain(text: object) -> str | None:
    """Return a text without markup; None if there is nothing in it."""
    if not isinstance(text, str):
        return None
    whole = text.encode(errors="replace").decode()  # JSON may hold half a character
    return " ".join(unescape(_TAG.sub(" ", whole)).split())[:300] or None


def _further(url: str, changes: Mapping[str, Any]) -> CrawlItem:
    """Return another answer: the same address with parameters of its query changed."""
    base, _, query = url.partition("?")
    known = dict(parse_qsl(query, keep_blank_values=True))
    return CrawlItem(f"{base}?{urlencode({**known, **changes})}", "api")


#: The collections that can be searched.
SOURCES: Mapping[str, Source] = {
    "wikimedia": Source(
        "https://commons.wikimedia.org/w/api.php",
        "?action=query&format=json&formatversion=2&generator=search&gsrnamespace=6&gsrlimit=50"
        "&prop=imageinfo&iiprop=url|size|extmetadata&gsrsearch={text}+filetype:bitmap"
        "&iiextmetadatafilter=ObjectName|Artist|LicenseShortName|LicenseUrl",
        _wikimedia,
    ),
    "openverse": Source(
        "https://api.openverse.org/v1", "/images/?q={text}&page_size=20&page=1{license}", _openverse
    ),
    "met": Source(
        "https://collectionapi.metmuseum.org/public/collection/v1",
        "/search?hasImages=true&q={text}",
        _met,
    ),
}
