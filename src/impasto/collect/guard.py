"""Asking the web on behalf of others, and never anything inside.

Whoever names an address could name one of this machine, its network or its cloud's metadata, or a
page that redirects there. So each name is resolved, all its addresses are checked, and the
connection goes to an address that was checked, not to the name once more.
"""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from impasto.collect.addresses import is_public
from impasto.collect.bodies import ENCODINGS, body_chunks, check_declared, limited
from impasto.collect.refusals import RefusalError
from impasto.collect.urls import PORTS, host_and_port, normalized
from impasto.errors import CollectError, MissingExtraError
from impasto.version import __version__

if TYPE_CHECKING:
    import httpx

PACKAGES = ("httpx", "selectolax", "protego", "imagehash")
"""Of the extra `collect`."""
USER_AGENT = f"impasto/{__version__} (style transfer toolkit)"
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)

Resolve = Callable[[str, int], list[str]]
"""What returns the addresses of a host and port; raises OSError where there are none."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that the system knows for a name.

    Raises:
        OSError: It has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Guard:
    """Says where connections may go: to public addresses, and to what somebody named on purpose.

    Args:
        allowed: Addresses (URLs) whose host and port are asked even if they are private; those of
            http over https too. A name that is public at the first look has to stay so.
        resolve: How names become addresses.
    """

    def __init__(self, allowed: Iterable[str] = (), resolve: Resolve = resolve) -> None:
        named = {host_and_port(url) for url in allowed}
        secure = {(host, PORTS["https"]) for host, port in named if port == PORTS["http"]}
        self.allowed = frozenset(named | secure)
        self._resolve = resolve
        self._private: dict[str, bool] = {}

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to.

        Raises:
            RefusalError: There are none, or one is not public: a name that leads outside and
                inside at once is up to something.
        """
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise RefusalError("network", f"there is no host {host}") from error
        inside = next((address for address in found if not is_public(address)), None)
        if (host, port) in self.allowed and self._private.setdefault(host, inside is not None):
            return found
        if inside is not None:
            raise RefusalError("address", f"{host}:{port} is {inside}, which is private")
        return found

    def check(self, url: str) -> None:
        """Refuse an address before anything is sent.

        Args:
            url: Normalized.

        Raises:
            RefusalError: It leads to a host that may not be asked.
        """
        self.addresses(*host_and_port(url))

    def names(self, url: str) -> bool:
        """Tell whether somebody named the host of an address on purpose."""
        return host_and_port(url) in self.allowed


def check_packages(*names: str) -> None:
    """Make sure that packages can be imported, before any work.

    Args:
        *names: Which; none given: all of the extra.

    Raises:
        MissingExtraError: One is not installed.
    """
    for name in names or PACKAGES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingExtraError("collecting pictures from the web", "collect") from error


def make_client(
    guard: Guard,
    timeout: float,
    transport: httpx.BaseTransport | None = None,
    check: Callable[[], object] = lambda: None,
) -> httpx.Client:
    """Make a client that connects where the guard lets it and follows no redirect by itself.

    Args:
        guard: What says where connections may go.
        timeout: Seconds for connecting and for each read.
        transport: Instead of the network, for tests.
        check: Called while a server is silent; raises when it is time to stop.
    """
    check_packages("httpx")
    import httpx

    from impasto.collect.transport import GuardedTransport

    return httpx.Client(
        transport=transport or GuardedTransport(guard, check),
        headers={"user-agent": USER_AGENT, "accept-encoding": ENCODINGS},
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )


def redirection(response: httpx.Response, url: str) -> str | None:
    """Return where an answer redirects to, normalized; None if it does not.

    Raises:
        RefusalError: It redirects to what is no web address.
    """
    target = response.headers.get("location")
    if response.status_code not in REDIRECTS or not target:
        return None
    return normalized(target, url)


def fetch_public(
    url: str, max_bytes: int, timeout: float = 20.0, guard: Guard | None = None
) -> bytes:
    """Fetch what somebody else has named, if it is public; redirects are followed as carefully.

    Args:
        url: http or https.
        max_bytes: At most so much is read.
        timeout: Seconds for each of at most six answers, however slowly they drip.
        guard: Another one than that of public addresses only.

    Raises:
        CollectError: It is not public, too long, too slow or not there; one line says which.
        MissingExtraError: httpx is not installed.
    """
    check_packages("httpx")
    import httpx

    guard = guard or Guard()
    try:
        with make_client(guard, timeout) as client:
            at = normalized(url)
            for _ in range(MOST_REDIRECTS + 1):
                guard.check(at)
                found = _fetch_once(client, at, max_bytes, timeout)
                if isinstance(found, bytes):
                    return found
                at = found
        raise RefusalError("redirects", f"more than {MOST_REDIRECTS} redirects")
    except RefusalError as error:
        raise CollectError(f"{url} cannot be fetched: {error.detail}") from error
    except httpx.TimeoutException as error:
        raise CollectError(f"{url} took longer than {timeout:g} seconds") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CollectError(f"{url} cannot be fetched: {error}") from error


def _fetch_once(client: httpx.Client, url: str, most: int, seconds: float) -> bytes | str:
    """Return the body, or where to go on."""
    with client.stream("GET", url, extensions={"seconds": seconds}) as response:
        further = redirection(response, url)
        if further is not None:
            return further
        if response.status_code != 200:
            raise RefusalError("status", f"the server answered {response.status_code}")
        check_declared(response, most)
        return b"".join(limited(body_chunks(response, lambda: None), most))
