"""Which network addresses are public: nothing on this machine, in its network or in its cloud."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: What `is_global` lets pass in some version of Python, or that a cloud has for itself.
_OTHERS = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # carriers' networks; Alibaba's metadata
        "168.63.129.16/32",  # Azure's own server, on a public address
        "192.0.0.0/24",  # protocols; Oracle's metadata
        "192.88.99.0/24",  # the way to 6to4
        "198.18.0.0/15",  # benchmarks
        "64:ff9b:1::/48",  # local translation
        "2001::/23",  # protocols, Teredo among them
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fec0::/10",
    )
)
_NAT64 = ip_network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Tell whether an address may be asked on behalf of somebody who only named a page.

    Args:
        text: An IPv4 or IPv6 address, as a resolver gives it.

    Returns:
        False for loopback, private, link-local, multicast, reserved and metadata addresses, for
        IPv6 addresses that hold such an IPv4 address, and for what is no address.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(address)
    return _is_plainly_public(address if inner is None else inner)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    # ::a.b.c.d is out of use, and still understood somewhere.
    if address in _NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_plainly_public(address: IPv4Address | IPv6Address) -> bool:
    closed = (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
    )
    if closed or not address.is_global:
        return False
    return not any(address in network for network in _OTHERS if network.version == address.version)
