"""A page for this machine only, over plain HTTP: the manners that all of ours share."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from http.server import HTTPServer

#: Names of this machine.
LOCAL = ("127.0.0.1", "localhost", "[::1]")


def serve_page(host: str, port: int, handler: type[LocalHandler], page: object) -> HTTPServer:
    """Serve a page in threads of its own, until `shutdown` and `server_close`.

    Args:
        host: Address to listen at.
        port: 0: any free one.
        handler: Answers; it finds the page in its attribute `page`.
        page: What is served.

    Raises:
        ImpastoError: The port is taken.
    """
    bound = type("Handler", (handler,), {"page": page, "host": host})
    try:
        server = ThreadingHTTPServer((host, port), bound)
    except OSError as error:
        raise ImpastoError(
            f"{host}:{port} cannot be served ({error.strerror}): choose another --port"
        ) from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class LocalHandler(BaseHTTPRequestHandler):
    """Answers for a page, to nobody who comes by way of another site."""

    host: str

    def is_ours(self) -> bool:
        """Refuse what comes under another name: a site may give its own name this address."""
        name = self.headers.get("Host", "").rpartition(":")[0]
        return self.host not in LOCAL or name in LOCAL

    def may_act(self, word: str) -> bool:
        """Refuse what pages of other sites send, too: they cannot set this header.

        Args:
            word: That our page says there.
        """
        return self.is_ours() and self.headers.get("X-Impasto") == word

    def send(self, content: bytes, kind: str) -> None:
        """Answer with content of a MIME type, which no other site may show as its own."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
