"""Web addresses: one spelling for each, and where connections may go."""

import re
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urljoin, urlsplit

from impasto.collect.items import RejectedError

PORTS = {"http": 80, "https": 443}
LONGEST = 2000  # characters of an address; most longer ones are traps
_SESSION = r"phpsessid|jsessionid|aspsessionid\w*|session_?id|cfid|cftoken|utm_\w+|fbclid|gclid"
_HOST = re.compile(r"[a-z0-9._:\-]+")
#: What some versions of Python take for global, or clouds use: carriers' networks and Alibaba's
#: metadata, Azure's server, protocols and Oracle's metadata, 6to4 relays, benchmarks; then IPv6.
_PRIVATE = """100.64.0.0/10 168.63.129.16/32 192.0.0.0/24 192.88.99.0/24 198.18.0.0/15
64:ff9b:1::/48 2001::/23 2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fec0::/10"""
_PRIVATE_NETWORKS = [ip_network(text) for text in _PRIVATE.split()]
#: IPv6 that leads to the IPv4 address in its last bits; the second is out of use.
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("::/96"))


def normalized(url: str, base: str = "") -> str:
    """Return an address in its one spelling, without fragment and session, or reject it."""
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
    query = "&".join(p for p in query.split("&") if not re.match(f"(?i)({_SESSION})=", p))
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


def is_public(text: str) -> bool:
    """Tell whether an IP address may be connected to for somebody who only named a page."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    if any(address in network for network in _TRANSLATED):
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    closed = address.is_multicast or address.is_reserved or not address.is_global
    return not closed and not any(address in network for network in _PRIVATE_NETWORKS)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that the system knows for a name; raise OSError if there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Guard:
    """Says where connections may go: to public addresses, and to what somebody named on purpose.

    A page may lead to a private address: each name is resolved, all its addresses are checked, and
    the connection goes to one that was. Host and port of `allowed` (URLs) may be private, http
    including https; a name that was public at the first look must stay public.
    """

    def __init__(
        self, allowed: Iterable[str] = (), resolve: Callable[[str, int], list[str]] = resolve
    ) -> None:
        named = {host_and_port(url) for url in allowed}
        self.allowed = named | {(host, PORTS["https"]) for host, port in named if port == 80}
        self._resolve = resolve
        self._private: dict[str, bool] = {}

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host; raise RejectedError if any of them is not public."""
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise RejectedError("network", f"there is no host {host}") from error
        inside = not all(map(is_public, found))
        named = (host, port) in self.allowed and self._private.setdefault(host, inside)
        if inside and not named:
            raise RejectedError("address", "it leads to an address which is private")
        return found
