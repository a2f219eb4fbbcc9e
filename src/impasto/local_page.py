"""Pages for this machine only, over plain HTTP, and the HTML files of the package."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template

from impasto.errors import ImpastoError

LOCAL = ("127.0.0.1", "localhost", "[::1]")  # names of this machine


def page_text(path: Path, **parts: object) -> str:
    """Return an HTML file of the package, with its `$name`s replaced by the parts."""
    return Template(path.read_text("utf-8")).substitute(parts)


class LocalPage:
    """A page that is served in threads of its own, at any free port if the port is 0.

    The handler finds the page in its attribute `page`. A taken port is an ImpastoError.
    """

    def __init__(self, host: str, port: int, handler: "type[LocalHandler]") -> None:
        bound = type("Handler", (handler,), {"page": self, "host": host})
        try:
            self._server = ThreadingHTTPServer((host, port), bound)
        except OSError as error:
            options = "--port" if host in LOCAL else "--host or --port"
            said = f"{host}:{port} cannot be served ({error.strerror}): choose another {options}"
            raise ImpastoError(said) from error
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class LocalHandler(BaseHTTPRequestHandler):
    """Answers for a page, and refuses requests that come by way of another site."""

    host: str

    def is_ours(self) -> bool:
        """Refuse requests under another name: a site may give its own name this address."""
        return self.host not in LOCAL or re.sub(r":\d+$", "", self.headers.get("Host", "")) in LOCAL

    def may_act(self, word: str) -> bool:
        """Refuse what pages of other sites send, too: they cannot set this header to our word."""
        return self.is_ours() and self.headers.get("X-Impasto") == word

    def send(self, content: bytes | None, kind: str) -> None:
        """Answer with content of a MIME type, which no other site may show; None: not found."""
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(content)

    def send_page(self, path: Path, **parts: object) -> None:
        """Answer with an HTML file of the package, with its `$name`s replaced by the parts."""
        self.send(page_text(path, **parts).encode(), "text/html; charset=utf-8")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
