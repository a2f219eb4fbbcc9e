"""A web server in this process, whose answers are functions."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Reply = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""
Act = Callable[[BaseHTTPRequestHandler], None]
"""What answers by itself, as servers should not."""


@dataclass
class Site:
    """What is served, and what was asked for.

    Attributes:
        answers: By path (with query, if that matters): a reply, what makes one, or an act.
        asked: How often each path was asked for.
        headers: Of the requests, in their order.
        url: Where the site is.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def page(self, path: str, body: str, **headers: str) -> None:
        """Serve a page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        text = {"content-type": "text/html; charset=utf-8", **named}
        self.answers[path] = (200, text, f"<!doctype html>{body}".encode())

    def picture(self, path: str, data: bytes, type: str = "image/jpeg", **headers: str) -> None:
        """Serve a file."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (200, {"content-type": type, **named}, data)

    def redirect(self, path: str, target: str) -> None:
        """Serve a redirection."""
        self.answers[path] = (302, {"location": target}, b"")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: Site

    def do_GET(self) -> None:
        site, path = self.site, self.path
        site.asked[path] += 1
        site.headers.append({name.lower(): value for name, value in self.headers.items()})
        answer = site.answers.get(path) or site.answers.get(urlsplit(path).path)
        if callable(answer):
            with suppress(OSError):
                answer = answer(self)
            if not isinstance(answer, tuple):
                self.close_connection = True
                return
        reply(self, *(answer or (404, {}, b"there is nothing here")))

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def reply(
    handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes
) -> None:
    """Send a whole answer, 304 where the client has it already."""
    etag = headers.get("etag")
    if etag is not None and handler.headers.get("if-none-match") == etag:
        status, body = 304, b""
    with suppress(OSError):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: clients that are killed cut their connections."""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve a site on a free port of this machine."""
    handler = type("Handler", (_Handler,), {"site": site})
    with _Server(("127.0.0.1", 0), handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
