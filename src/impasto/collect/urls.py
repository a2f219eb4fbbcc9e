"""Web addresses: one spelling for each, and whether two belong to one site."""

import re
from urllib.parse import urljoin, urlsplit

from impasto.collect.items import RejectedError

PORTS = {"http": 80, "https": 443}
LONGEST = 2000
"""Characters of an address; most longer ones are traps."""
_SESSIONS = re.compile(
    r"(phpsessid|jsessionid|aspsessionid\w*|session_?id|cfid|cftoken|utm_\w+|fbclid|gclid)=",
    re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9._:\-]+")


def normalized(url: str, base: str = "") -> str:
    """Return the one spelling of an address, in ASCII: equal pages have equal addresses.

    That is without default port, dot segments, fragment and session. The order of the query
    stays, since it may have a meaning. It may be relative to `base`.

    Raises:
        RejectedError: It is not a web address, or contains a name or password.
    """
    import httpx

    text = re.sub("[\ud800-\udfff]", "%3F", url.strip())
    try:
        parts = httpx.URL(urljoin(base, re.sub(r"%(?![0-9a-fA-F]{2})", "%25", text)))
        parts = parts.copy_with(host=parts.host.rstrip("."))
    except (httpx.InvalidURL, ValueError) as error:
        raise RejectedError("url", f"{error} ({url[:80]!r})") from error
    if parts.scheme not in PORTS:
        scheme = parts.scheme or "no scheme"
        raise RejectedError("url", f"{scheme}: only http and https are supported")
    if not _HOST.fullmatch(parts.raw_host.decode()) or not 0 <= (parts.port or 0) < 65536:
        raise RejectedError("url", f"{url[:80]!r} names no host")
    if parts.userinfo:
        raise RejectedError("url", "addresses with a name or password are not supported")
    path, _, query = parts.raw_path.decode().partition("?")
    query = "&".join(part for part in query.split("&") if not _SESSIONS.match(part))
    target = re.sub("(?i);jsessionid=[^/?;]*", "", path) + (f"?{query}" if query else "")
    target = re.sub("%[0-9a-fA-F]{2}", lambda match: match[0].upper(), target)
    whole = f"{parts.scheme}://{parts.netloc.decode()}{target}"
    if len(whole) > LONGEST:
        raise RejectedError("url", f"an address of {len(whole)} characters")
    return whole


def host_and_port(url: str) -> tuple[str, int]:
    """Return host and port of a normalized address."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def site(url: str) -> str:
    """Return what pages of one site have in common: http or https, with or without `www.`."""
    return urlsplit(url).netloc.removeprefix("www.")
