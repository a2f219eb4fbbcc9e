"""Web addresses: one spelling for each, and whether two are of one site."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from impasto.collect.refusals import RefusalError
from impasto.errors import SettingsError

PORTS = {"http": 80, "https": 443}
LONGEST = 2000
"""Characters of an address; longer ones are mostly made by a trap."""
_SESSIONS = re.compile(
    r"(phpsessid|jsessionid|aspsessionid\w*|session_?id|cfid|cftoken|utm_\w+|fbclid|gclid)=",
    re.IGNORECASE,
)
_SESSION_PATH = re.compile(r";jsessionid=[^/?;]*", re.IGNORECASE)
_SAFE = "/%:@!$&'()*+,;=~-._"
_HOST = re.compile(r"[a-z0-9._:\-]+")


def normalized(url: str, base: str = "") -> str:
    """Bring an address to its one spelling: equal pages and pictures have equal addresses.

    Scheme and host in lower case, no default port, no dot segments, no fragment, no session; the
    order of the query stays, since it may have a meaning.

    Args:
        url: An address, relative or not.
        base: Of the page it was found on.

    Returns:
        The address, in ASCII.

    Raises:
        RefusalError: It is not of the web, or holds a name or password.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode().lower()
    except ValueError as error:  # UnicodeError is one
        raise RefusalError("url", f"{url[:80]!r} cannot be read as an address") from error
    if parts.scheme not in PORTS:
        raise RefusalError("url", f"{parts.scheme or 'no scheme'}: only http and https are asked")
    if not _HOST.fullmatch(host):
        raise RefusalError("url", f"{url[:80]!r} names no host")
    if parts.username is not None or parts.password is not None:
        raise RefusalError("url", "addresses with a name or password are not asked")
    netloc = f"[{host}]" if ":" in host else host
    if port not in (None, PORTS[parts.scheme]):
        netloc += f":{port}"
    path = _SESSION_PATH.sub("", _without_dots(parts.path))
    query = "&".join(part for part in parts.query.split("&") if not _SESSIONS.match(part))
    whole = urlunsplit((parts.scheme, netloc, _quoted(path), _quoted(query, "?"), ""))
    if len(whole) > LONGEST:
        raise RefusalError("url", f"an address of {len(whole)} characters")
    return whole


def _without_dots(path: str) -> str:
    kept: list[str] = []
    parts = path.split("/")[1:] or [""]
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    end = "/" if parts[-1] in (".", "..") and kept else ""
    return "/" + "/".join(kept) + end


def _quoted(text: str, more: str = "") -> str:
    # What is quoted already stays as it is: a lone % is the only one that is quoted anew.
    text = re.sub(r"%(?![0-9a-fA-F]{2})", "%25", text)
    quoted = quote(text, safe=_SAFE + more, errors="replace")
    return re.sub(r"%[0-9a-f]{2}", lambda match: match[0].upper(), quoted, flags=re.IGNORECASE)


def given(url: str) -> str:
    """Return an address that somebody typed, in its one spelling.

    Raises:
        SettingsError: It is none.
    """
    if "://" not in url:
        raise SettingsError(f"{url!r} is no web address: write it with https:// in front")
    try:
        return normalized(url)
    except RefusalError as error:
        raise SettingsError(f"{url!r} cannot be collected from: {error.detail}") from error


def host_and_port(url: str) -> tuple[str, int]:
    """Return host and port of a normalized address."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def origin(url: str) -> str:
    """Return scheme, host and port: what a robots.txt is for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def site(url: str) -> str:
    """Return what pages of one site have in common: http or https, with or without `www.`."""
    return urlsplit(url).netloc.removeprefix("www.")


def with_query(url: str, **parameters: str) -> str:
    """Return an address with parameters of its query set, the others as they were."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **parameters}
    return urlunsplit(parts._replace(query=urlencode(query)))
