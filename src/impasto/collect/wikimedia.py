"""Wikimedia Commons, and every other wiki with MediaWiki's interface."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from impasto.collect.entries import Lead
from impasto.collect.findings import Findings, number, plain
from impasto.collect.licenses import license_name
from impasto.collect.options import CollectOptions
from impasto.collect.urls import with_query

API = "https://commons.wikimedia.org/w/api.php"
AT_ONCE = 50
_FIELDS = "ObjectName|Artist|LicenseShortName|LicenseUrl"


def first_url(api: str, text: str, options: CollectOptions) -> str:
    """Return the address of the first answer."""
    query = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "generator": "search",
        "gsrsearch": f"{text} filetype:bitmap",
        "gsrnamespace": "6",
        "gsrlimit": str(AT_ONCE),
        "prop": "imageinfo",
        "iiprop": "url|size|mime|extmetadata|sha1",
        "iiextmetadatafilter": _FIELDS,
    }
    return f"{api}?{urlencode(query)}"


def read(data: Any, url: str) -> Findings:  # noqa: ANN401 (JSON)
    """Read one answer."""
    pages = data.get("query", {}).get("pages", [])
    ordered = sorted(pages, key=lambda page: page.get("index", 0))
    infos = [(page, info) for page in ordered for info in page.get("imageinfo", [])]
    pictures = [_lead(page, info) for page, info in infos if info.get("url")]
    going_on = data.get("continue")
    further = [with_query(url, **{k: str(v) for k, v in going_on.items()})] if going_on else []
    return Findings(pictures, further)


def _lead(page: dict[str, Any], info: dict[str, Any]) -> Lead:
    said = {name: entry.get("value") for name, entry in info.get("extmetadata", {}).items()}
    license_url = plain(said.get("LicenseUrl"))
    return Lead(
        url=info["url"],
        kind="picture",
        page=info.get("descriptionurl"),
        title=plain(said.get("ObjectName")) or plain(page.get("title")),
        author=plain(said.get("Artist")),
        license=license_name(plain(said.get("LicenseShortName")), license_url),
        license_url=license_url,
        width=number(info.get("width")),
        height=number(info.get("height")),
    )
