"""Where connections may go: never inside this machine, its network or its cloud.

Whoever names an address could name a private one, or a page that redirects to one. So each name is
resolved, all its addresses are checked, and the connection goes to an address that was checked.
"""

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from impasto.collect.items import RejectedError
from impasto.collect.urls import PORTS, host_and_port

#: What some versions of Python take for global, or clouds use: carriers' networks and Alibaba's
#: metadata, Azure's server, protocols and Oracle's metadata, 6to4 relays, benchmarks; then IPv6.
_PRIVATE = [
    ip_network(text)
    for text in (
        *("100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"),
        *("64:ff9b:1::/48", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7"),
        "fec0::/10",
    )
]
#: IPv6 that leads to the IPv4 address in its last bits; the second is out of use.
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("::/96"))


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
    return not closed and not any(address in network for network in _PRIVATE)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that the system knows for a name; raise OSError if there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Guard:
    """Says where connections may go: to public addresses, and to what somebody named on purpose.

    Args:
        allowed: Addresses (URLs) whose host and port may be private; http includes https. A name
            that was public at the first look must stay public.
        resolve: Returns the addresses of a host and port; raises OSError where there are none.
    """

    def __init__(
        self, allowed: Iterable[str] = (), resolve: Callable[[str, int], list[str]] = resolve
    ) -> None:
        named = {host_and_port(url) for url in allowed}
        secure = {(host, PORTS["https"]) for host, port in named if port == PORTS["http"]}
        self.allowed = frozenset(named | secure)
        self._resolve = resolve
        self._private: dict[str, bool] = {}

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to.

        Raises:
            RejectedError: There are none, or any of them is not public.
        """
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise RejectedError("network", f"there is no host {host}") from error
        inside = next((address for address in found if not is_public(address)), None)
        if (host, port) in self.allowed and self._private.setdefault(host, inside is not None):
            return found
        if inside is not None:
            raise RejectedError("address", f"{host}:{port} is {inside}, which is private")
        return found
