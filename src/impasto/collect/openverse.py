"""Openverse: openly licensed pictures of many collections."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from impasto.collect.entries import Lead
from impasto.collect.findings import Findings, number, plain
from impasto.collect.licenses import license_name
from impasto.collect.options import CollectOptions
from impasto.collect.urls import with_query

API = "https://api.openverse.org/v1"
AT_ONCE = 20
"""What is given to those who have not registered."""


def first_url(api: str, text: str, options: CollectOptions) -> str:
    """Return the address of the first answer."""
    query = {"q": text, "page_size": str(AT_ONCE), "page": "1"}
    if options.license is not None:
        query["license"] = ",".join(options.license)
    return f"{api}/images/?{urlencode(query)}"


def read(data: Any, url: str) -> Findings:  # noqa: ANN401 (JSON)
    """Read one answer."""
    pictures = [_lead(each) for each in data.get("results", []) if each.get("url")]
    page = int(parse_qs(urlsplit(url).query).get("page", ["1"])[0])
    more = pictures and page < data.get("page_count", 0)
    return Findings(pictures, [with_query(url, page=str(page + 1))] if more else [])


def _lead(each: dict[str, Any]) -> Lead:
    license_url = plain(each.get("license_url"))
    return Lead(
        url=each["url"],
        kind="picture",
        page=each.get("foreign_landing_url"),
        title=plain(each.get("title")),
        author=plain(each.get("creator")),
        license=license_name(plain(each.get("license")), license_url),
        license_url=license_url,
        width=number(each.get("width")),
        height=number(each.get("height")),
    )
