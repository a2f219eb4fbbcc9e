"""A local page that shows the live picture and takes keys: MJPEG over plain HTTP."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImpastoError
from impasto.live.controls import KEYS

_QUALITY = 85
_BOUNDARY = "frame"
#: Seconds without a new frame after which the last one is sent again.
_IDLE = 1.0
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


class Page:
    """Serves the picture.

    Args:
        host: Address to listen at.
        port: 0: any free one.

    Raises:
        ImpastoError: The port is taken.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._frame: bytes = b""
        self._number = 0
        self._fresh = threading.Condition()
        self._keys: list[str] = []
        self._watched = 0
        try:
            self._server = ThreadingHTTPServer(
                (host, port), type("Handler", (_Handler,), {"page": self})
            )
        except OSError as error:
            raise ImpastoError(
                f"{host}:{port} cannot be served ({error.strerror}): choose another --port"
            ) from error
        self._server.daemon_threads = True
        self.host = host
        self.url = f"http://{host}:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def show(self, pixels: NDArray[np.uint8]) -> None:
        """Show a frame."""
        if not self._watched and self._frame:
            return  # nobody looks: the first frame is there for who comes
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, "jpeg", quality=_QUALITY)
        with self._fresh:
            self._frame, self._number = data.getvalue(), self._number + 1
            self._fresh.notify_all()

    def keys(self) -> Sequence[str]:
        """Return the keys that were pressed on the page."""
        keys, self._keys = self._keys, []
        return keys

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def press(self, key: str) -> None:
        """Take a key."""
        self._keys.append(key)

    def next_frame(self, seen: int) -> tuple[bytes, int]:
        """Return a frame newer than one that was seen, and its number; or the last one again."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._number > seen, _IDLE)
            return self._frame, self._number

    def watch(self, by: int) -> int:
        """Count who looks, and return the number of the last frame."""
        with self._fresh:
            self._watched += by
            return self._number


class _Handler(BaseHTTPRequestHandler):
    """Answers for a page."""

    page: Page

    def do_GET(self) -> None:
        """Give the page, one picture, or the stream of them."""
        if not self._is_ours():
            self.send_error(403)
        elif self.path == "/":
            self._send(_PAGE.encode(), "text/html; charset=utf-8")
        elif self.path == "/picture.jpg":
            number = self.page.watch(1)
            frame, _ = self.page.next_frame(number)
            self.page.watch(-1)
            self._send(frame, "image/jpeg")
        elif self.path == "/stream":
            self._stream()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Take a key."""
        key = self.path.removeprefix("/key/")
        # Pages of other sites may send here, too; they cannot set this header.
        if not self._is_ours() or self.headers.get("X-Impasto") != "live" or key not in KEYS:
            self.send_error(403)
            return
        self.page.press(key)
        self._send(b"", "text/plain")

    def _is_ours(self) -> bool:
        """Refuse what comes under another name: a site may give its own name this address."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        return self.page.host not in _LOCAL or host in _LOCAL

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(content)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        number = self.page.watch(1)
        try:
            while True:
                frame, number = self.page.next_frame(number)
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                length = f"Content-Length: {len(frame)}\r\n\r\n"
                self.wfile.write((head + length).encode() + frame + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # who looked has gone
        finally:
            self.page.watch(-1)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


_NAMES = {
    "ArrowRight": "right",
    "ArrowLeft": "left",
    "ArrowUp": "up",
    "ArrowDown": "down",
    " ": "space",
    **{key: key for key in KEYS if len(key) == 1},
}
_PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>impasto live</title>
<meta name="viewport" content="width=device-width">
<style>
:root {{ color-scheme: dark; font: 15px system-ui, sans-serif }}
body {{ margin: 0; background: #111; color: #ddd; display: grid; place-items: center;
  min-height: 100vh }}
img {{ max-width: 100vw; max-height: 88vh; display: block; margin: auto }}
p {{ margin: .6em 1em; text-align: center }} kbd {{ border: 1px solid #555; border-radius: 4px;
  padding: 0 .4em; margin: 0 .2em 0 .8em }}
</style></head><body><main><img src="/stream" alt="the live picture"><p>
{"".join(f"<kbd>{key}</kbd>{what}" for key, what in KEYS.items())}</p></main><script>
const names = {json.dumps(_NAMES)};
addEventListener("keydown", event => {{
  const key = names[event.key];
  if (!key) return;
  event.preventDefault();
  fetch("/key/" + key, {{ method: "POST", headers: {{ "X-Impasto": "live" }} }});
}});
</script></body></html>
"""
