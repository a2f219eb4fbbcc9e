"""The Metropolitan Museum of Art: works whose pictures are open access (CC0)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from impasto.collect.entries import Lead
from impasto.collect.findings import Findings, plain
from impasto.collect.options import CollectOptions

API = "https://collectionapi.metmuseum.org/public/collection/v1"
_CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"


def first_url(api: str, text: str, options: CollectOptions) -> str:
    """Return the address of the list of works."""
    return f"{api}/search?{urlencode({'hasImages': 'true', 'q': text})}"


def read(data: Any, url: str) -> Findings:  # noqa: ANN401 (JSON)
    """Read the list of works, or what is said of one."""
    if "objectIDs" in data:
        api = url.rpartition("/search?")[0]
        return Findings([], [f"{api}/objects/{number:d}" for number in data["objectIDs"] or []])
    # Works under copyright have no primaryImage, or one that may not be used.
    if not data.get("isPublicDomain") or not data.get("primaryImage"):
        return Findings([], [])
    picture = Lead(
        url=data["primaryImage"],
        kind="picture",
        page=data.get("objectURL"),
        title=plain(data.get("title")),
        author=plain(data.get("artistDisplayName")),
        license="cc0",
        license_url=_CC0,
    )
    return Findings([picture], [])
