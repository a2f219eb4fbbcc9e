"""Twenty things that a site may do to those who collect from it, and how each must end."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from itertools import count

from tests.collect.drawing import bomb, good
from tests.collect.server import Reply, Site

HEAD = good(1)[:64]
"""Of a PNG."""


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send a picture that says nothing of its length, and has none."""
    handler.send_response(200)
    handler.send_header("content-type", "image/png")
    handler.send_header("transfer-encoding", "chunked")
    handler.end_headers()
    chunk = HEAD + bytes(16384)
    for _ in range(20000):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))


def dripping_body(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte every now and then: never silent for long, never done."""
    handler.send_response(200)
    handler.send_header("content-type", "image/png")
    handler.send_header("content-length", "100000")
    handler.end_headers()
    for byte in HEAD * 100:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.05)


def dripping_head(handler: BaseHTTPRequestHandler) -> None:
    """Do the same before the answer has even begun."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in count():
        handler.wfile.write(b"x-header-%d: slow\r\n" % number)
        time.sleep(0.05)


def enormous(handler: BaseHTTPRequestHandler) -> None:
    """Say that ten gigabytes will come."""
    handler.send_response(200)
    handler.send_header("content-type", "image/png")
    handler.send_header("content-length", str(10**10))
    handler.end_headers()
    handler.wfile.write(HEAD + bytes(100_000))


def first_busy(status: int, then: Reply) -> Callable[[BaseHTTPRequestHandler], Reply]:
    """Be busy once."""
    asked = count()
    return lambda _: then if next(asked) else (status, {"retry-after": "0"}, b"")


def calendar(handler: BaseHTTPRequestHandler) -> Reply:
    """Link to the next day and the next month, for ever."""
    day = int(handler.path.rpartition("=")[2])
    body = (
        f'<a href="/calendar?day={day + 1}">next</a> <a href="/calendar?day={day + 30}">later</a>'
    )
    return 200, {"content-type": "text/html"}, body.encode()


def add_traps(site: Site, private: str) -> dict[str, str]:
    """Add the traps to a site.

    Args:
        site: Where.
        private: A server that nobody named.

    Returns:
        For each path the reason for which it must be left out; "" where nothing is to be kept and
        nothing refused.
    """
    port = site.url.rpartition(":")[2]
    redirects = {
        "/trap/loop.jpg": ("/trap/loop.jpg", "redirects"),
        "/trap/there.jpg": ("/trap/back.jpg", "redirects"),
        "/trap/chain.jpg": ("/trap/chain-1.jpg", "redirects"),
        "/trap/other-port.jpg": (f"{private}/secret.jpg", "address"),
        "/trap/other-loopback.jpg": (f"http://127.0.0.2:{port}/secret.jpg", "address"),
        "/trap/metadata.jpg": ("http://169.254.169.254/latest/meta-data/", "address"),
        "/trap/ipv6.jpg": (f"http://[::1]:{port}/secret.jpg", "address"),
        "/trap/mapped.jpg": (f"http://[::ffff:127.0.0.1]:{port}/secret.jpg", "address"),
        "/trap/decimal.jpg": (f"http://2130706433:{port}/secret.jpg", "address"),
        "/trap/file.jpg": ("file:///etc/passwd", "url"),
        "/trap/password.jpg": (f"http://root:root@127.0.0.1:{port}/secret.jpg", "url"),
    }
    for path, (target, _) in redirects.items():
        site.redirect(path, target)
    site.redirect("/trap/back.jpg", "/trap/there.jpg")
    for number in range(1, 9):
        site.redirect(f"/trap/chain-{number}.jpg", f"/trap/chain-{number + 1}.jpg")
    site.answers |= {
        "/trap/enormous.png": enormous,
        "/trap/endless.png": endless,
        "/trap/body.png": dripping_body,
        "/trap/head.png": dripping_head,
        "/trap/busy.jpg": (503, {"retry-after": "0"}, b""),
        "/calendar": calendar,
    }
    site.picture("/trap/page.png", b"<!doctype html><p>You are too late", "image/png")
    site.picture("/trap/bomb.png", bomb(), "image/png")
    packed = gzip.compress(HEAD + bytes(50_000_000), 9)
    site.picture("/trap/packed.png", packed, "image/png", content_encoding="gzip")
    reasons = {path: reason for path, (_, reason) in redirects.items()}
    return reasons | {
        "/trap/enormous.png": "bytes",
        "/trap/endless.png": "bytes",
        "/trap/body.png": "slow",
        "/trap/head.png": "slow",
        "/trap/busy.jpg": "busy",
        "/trap/page.png": "content",
        "/trap/bomb.png": "pixels",
        "/trap/packed.png": "bytes",
        "/calendar?day=1": "",
    }
