"""The studio on a hosted space: `impasto studio`, for strangers, on a small machine."""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from impasto.studio import StudioOptions, serve

OPTIONS = StudioOptions(
    host="0.0.0.0",
    port=int(os.environ.get("GRADIO_SERVER_PORT", "7860")),
    public=True,
    max_size=1024,
    max_upload=20,
    minutes=3,
    history=Path(os.environ.get("IMPASTO_HISTORY", "history")),
)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # temporary files go
    with suppress(KeyboardInterrupt), serve(OPTIONS) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        threading.Event().wait()
