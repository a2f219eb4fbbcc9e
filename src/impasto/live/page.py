"""A local page that shows the live picture and takes keys: MJPEG over plain HTTP."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from impasto.batch.sheets import jpeg
from impasto.live.outputs import KEYS
from impasto.local_page import LocalHandler, LocalPage
from impasto.video.clip import Pixels8

_QUALITY = 85
_BOUNDARY = "frame"
_HTML = Path(__file__).with_suffix(".html")
#: Keys by the names that browsers give them.
_NAMES = {
    **{f"Arrow{name.title()}": name for name in ("right", "left", "up", "down")},
    " ": "space",
    **{key: key for key in KEYS if len(key) == 1},
}
_IDLE = 1.0  # seconds without a new frame after which the last one is sent again


class Page(LocalPage):
    """Serves the picture; see `LocalPage`."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._frame: bytes = b""
        self._number = 0
        self._fresh = threading.Condition()
        self.pressed: list[str] = []
        self._watched = 0
        super().__init__(host, port, _Handler)

    def show(self, pixels: Pixels8) -> None:
        """Show a frame."""
        if not self._watched and self._frame:
            return  # nobody looks: the first frame is there for who comes
        frame = jpeg(Image.fromarray(pixels), _QUALITY)
        with self._fresh:
            self._frame, self._number = frame, self._number + 1
            self._fresh.notify_all()

    def keys(self) -> Sequence[str]:
        """Return the keys that were pressed on the page."""
        keys, self.pressed = self.pressed, []
        return keys

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


class _Handler(LocalHandler):
    page: Page

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        if not self.is_ours():
            self.send_error(403)
        elif self.path == "/":
            keys = "".join(f"<kbd>{key}</kbd>{what}" for key, what in KEYS.items())
            self.send_page(_HTML, keys=keys, names=json.dumps(_NAMES))
        elif self.path == "/picture.jpg":
            frame, _ = self.page.next_frame(self.page.watch(1))
            self.page.watch(-1)
            self.send(frame, "image/jpeg")
        elif self.path == "/stream":
            self._stream()
        else:
            self.send_error(404)

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        key = self.path.removeprefix("/key/")
        if self.may_act("live") and key in KEYS:
            self.page.pressed.append(key)
            self.send(b"", "text/plain")
        else:
            self.send_error(403)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        number = self.page.watch(1)
        try:
            while True:
                frame, number = self.page.next_frame(number)
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}"
                self.wfile.write(head.encode() + b"\r\n\r\n" + frame + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # who looked has gone
        finally:
            self.page.watch(-1)
