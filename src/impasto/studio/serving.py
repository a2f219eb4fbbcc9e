"""The studio as a server: where it listens, and how it begins and ends."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from impasto.errors import ImpastoError
from impasto.studio.app import make_app
from impasto.studio.options import StudioOptions
from impasto.studio.studio import Studio

#: Ports that are tried.
_TRIED = 64
#: Seconds that the step at hand may take when the studio closes, and that a server may take to
#: begin.
_CLOSING, _BEGINNING = 10.0, 20.0
#: Folders of uploads and results; the number of the process is in the name.
_PREFIX = "impasto-studio-"
#: What the system says of addresses that it does not have.
_ELSEWHERE = (99, 49, 10049)


@contextmanager
def served(options: StudioOptions) -> Iterator[str]:
    """Serve the studio for the block.

    Args:
        options: How.

    Yields:
        The address of its page.

    Raises:
        ImpastoError: It cannot listen there.
    """
    _sweep()
    try:
        options.history.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"the history cannot be kept in {options.history} ({error.strerror})"
        raise ImpastoError(f"{reason}: name another folder with --history") from error
    with (
        _listening(options.host, options.port) as listener,
        tempfile.TemporaryDirectory(
            prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True
        ) as folder,
    ):
        studio = Studio(options, Path(folder))
        config = uvicorn.Config(
            make_app(studio),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            _wait_for(server, thread)
            host = f"[{options.host}]" if ":" in options.host else options.host
            yield f"http://{host}:{listener.getsockname()[1]}{options.root_path.rstrip('/')}/"
        finally:
            studio.close(_CLOSING)
            server.should_exit = True
            thread.join(_CLOSING)


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    end = time.monotonic() + _BEGINNING
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise ImpastoError("the server did not start: see the lines above")
        time.sleep(0.01)


@contextmanager
def _listening(host: str, first: int) -> Iterator[socket.socket]:
    """Listen at the first free port, or raise ImpastoError."""
    for port in range(first, min(first + _TRIED, 65536)):
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            if error.errno in _ELSEWHERE or isinstance(error, socket.gaierror):
                raise ImpastoError(f"{host} is not an address of this machine") from error
            continue
        with listener:
            yield listener
        return
    raise ImpastoError(f"no free port from {first} on: name another with --port")


def _sweep() -> None:
    """Delete what studios have left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdigit() and not _is_running(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    if os.name == "nt":  # os.kill would end it
        return True
    with suppress(PermissionError):  # somebody else's: it runs
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
