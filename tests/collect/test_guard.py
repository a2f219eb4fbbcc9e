"""Nothing inside is asked on behalf of others."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
import time
from pathlib import Path

import pytest
from tests.collect.hosts import fetched
from tests.collect.server import Site
from tests.collect.traps import dripping_body, dripping_head, endless, enormous

from impasto.collect import Guard, collect, search
from impasto.collect.addresses import is_public, resolve
from impasto.collect.items import RejectedError
from impasto.errors import ImpastoError

PRIVATE = """
127.0.0.1 127.8.9.1 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1
169.254.169.254 169.254.0.1 192.0.0.192 192.0.2.1 198.18.0.1 203.0.113.5 224.0.0.1 239.1.1.1
240.0.0.1 255.255.255.255 100.100.100.200 168.63.129.16 192.88.99.1
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 fe80::1 fe80::1%eth0
fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1
2002:7f00:1:: 2002:a00:1::1 2001:0:53aa:64c::1 100::1 nonsense 1.2.3 999.1.1.1
"""
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.215.14 172.32.0.1 192.169.0.1 100.128.0.1 2606:4700::1111
2a00:1450:4001:80b::200e ::ffff:8.8.8.8 64:ff9b::808:808
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0177.0.0.1", "0x7f.1", "127.1"]
)
def test_this_machine_under_all_its_names(site: Site, host: str) -> None:
    port = site.url.rpartition(":")[2]
    with pytest.raises(RejectedError, match=r"which is private|Invalid IPv4|no host"):
        fetched(f"http://{host}:{port}/", 1000)
    assert not site.asked


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/a", "gopher://x/", "http://", "http://a:b@1.1.1.1/",
     "//1.1.1.1/", "http://[::1", "http://1.1.1.1:99999/", "javascript:alert(1)", "http://a b/"],
)  # fmt: skip
def test_what_is_no_address_of_the_web(url: str) -> None:
    with pytest.raises(RejectedError) as error:
        fetched(url, 1000)
    assert error.value.reason == "url"


def test_a_name_that_leads_outside_and_inside_is_refused() -> None:
    guard = Guard(resolve=lambda host, port: ["1.1.1.1", "10.0.0.1"])
    with pytest.raises(RejectedError, match=r"^it leads to an address which is private$"):
        guard.addresses("both.example", 80)


def test_a_host_is_allowed_with_its_port_only(site: Site, private: Site) -> None:
    site.picture("/a", b"a")
    private.picture("/a", b"secret")
    guard = Guard([f"{site.url}/anything"])
    assert fetched(f"{site.url}/a", 10, guard=guard) == b"a"
    for url in (f"{private.url}/a", f"{site.url}/a".replace("127.0.0.1", "localhost")):
        with pytest.raises(RejectedError, match="which is private"):
            fetched(url, 10, guard=guard)
    assert not private.asked


def test_a_private_host_may_lead_to_itself_over_https() -> None:
    guard = Guard(["http://a.inside/", "http://b.inside:8080/"], lambda host, port: ["10.0.0.1"])
    for port in (80, 443):
        assert guard.addresses("a.inside", port) == ["10.0.0.1"]
    for host, port in (("a.inside", 8080), ("b.inside", 443)):
        with pytest.raises(RejectedError, match="which is private"):
            guard.addresses(host, port)


def test_redirects_are_checked_each(site: Site, private: Site) -> None:
    private.picture("/secret", b"secret")
    site.redirect("/in", f"{private.url}/secret")
    site.redirect("/metadata", "http://169.254.169.254/latest/meta-data/")
    site.redirect("/loop", "/loop")
    site.redirect("/there", "here/../a")
    site.picture("/a", b"a")
    guard = Guard([site.url])
    assert fetched(f"{site.url}/there", 10, guard=guard) == b"a"
    for path, why in (("in", "private"), ("metadata", "private"), ("loop", "more than 5")):
        with pytest.raises(RejectedError, match=why):
            fetched(f"{site.url}/{path}", 10, guard=guard)
    assert not private.asked


def test_a_name_that_changes_its_address_after_the_check(site: Site) -> None:
    """DNS rebinding: public when it is checked, this machine when it is connected to."""
    port = int(site.url.rpartition(":")[2])
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.215.14"] if len(asked) == 1 else ["127.0.0.1"]

    with pytest.raises(RejectedError, match="which is private"):
        fetched(f"http://rebinding.example:{port}/", 10, guard=Guard(resolve=rebinding))
    assert len(asked) == 2
    assert not site.asked


def test_a_named_host_that_was_public_does_not_become_private() -> None:
    addresses = {"named.example": "93.184.215.14", "own.example": "10.0.0.1"}
    guard = Guard(
        ["http://named.example/", "http://own.example/"], lambda host, port: [addresses[host]]
    )
    assert guard.addresses("named.example", 80) == ["93.184.215.14"]
    assert guard.addresses("own.example", 80) == ["10.0.0.1"]
    addresses |= {"named.example": "10.0.0.1", "own.example": "10.0.0.2"}
    for port in (80, 443):
        with pytest.raises(RejectedError, match=r"^it leads to an address which is private$"):
            guard.addresses("named.example", port)
    assert guard.addresses("own.example", 80) == ["10.0.0.2"]


def test_the_connection_goes_to_the_address_that_was_checked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing below resolves the name once more; the server still sees it."""
    site.picture("/a", b"a")
    url = site.url.replace("127.0.0.1", "named.example")
    guard = Guard([url], lambda host, port: resolve("127.0.0.1", port))
    real = socket.getaddrinfo

    def only_numbers(host: str, *rest: object, **named: object) -> object:
        assert host == "127.0.0.1"
        return real(host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", only_numbers)
    assert fetched(f"{url}/a", 10, guard=guard) == b"a"
    assert site.headers[0]["host"] == url.removeprefix("http://")


def test_no_proxy_of_the_environment_goes_around_it(
    site: Site, private: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.picture("/a", b"a")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, private.url)
    assert fetched(f"{site.url}/a", 10, guard=Guard([site.url])) == b"a"
    assert not private.asked


@pytest.mark.slow
def test_sizes_and_times_have_an_end(site: Site) -> None:
    site.answers |= {"/a": enormous, "/b": endless, "/c": dripping_body, "/d": dripping_head}
    site.picture("/e", b"12345")
    guard = Guard([site.url])
    began = time.monotonic()
    for path, why in (("a", "announced"), ("b", "more than"), ("c", "longer"), ("d", "longer")):
        with pytest.raises(RejectedError, match=why):
            fetched(f"{site.url}/{path}", 100_000, guard, 0.4)
    assert time.monotonic() - began < 5
    assert fetched(f"{site.url}/e", 5, guard=guard) == b"12345"
    with pytest.raises(RejectedError, match="4 are allowed"):
        fetched(f"{site.url}/e", 4, guard=guard)
    with pytest.raises(RejectedError, match="answered 404"):
        fetched(f"{site.url}/f", 4, guard=guard)


class _Chatty(socketserver.BaseRequestHandler):
    """Answers what is no HTTP, as an SSH server does."""

    def handle(self) -> None:
        self.request.recv(1000)
        self.request.sendall(b"SSH-2.0-secret_9.2\r\n\r\n")


def test_what_answers_inside_is_not_told() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), _Chatty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        for guard in (Guard(), Guard([url])):  # refused; and let through, as a proxy might
            with pytest.raises(RejectedError) as error:
                fetched(url, 10, guard=guard)
            assert not re.search("SSH|secret|127", str(error.value))
        server.shutdown()


def test_nothing_is_fetched_where_the_network_may_not_be_asked(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    folder = tmp_path / "none"
    with pytest.raises(ImpastoError, match="needs a network, and IMPASTO_OFFLINE is set"):
        collect([site.url], folder)
    with pytest.raises(ImpastoError, match="needs a network, and IMPASTO_OFFLINE is set"):
        search("sunflowers", "met", folder)
    assert not site.asked
    assert not folder.exists()
