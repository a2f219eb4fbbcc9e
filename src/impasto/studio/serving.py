"""The studio as a server: its whole application, where it listens, how it begins and ends."""

import logging
import secrets
import shutil
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from filelock import FileLock, Timeout
from starlette.exceptions import HTTPException

from impasto.errors import ImpastoError
from impasto.studio import picture_routes, run_routes
from impasto.studio.guard import Guard
from impasto.studio.options import StudioOptions
from impasto.studio.runs import said_of
from impasto.studio.studio import Studio
from impasto.version import __version__

#: Ports that are tried.
_TRIED = 64
#: Seconds that the step at hand may take when the studio closes.
_CLOSING = 10.0
#: Folders of uploads and results; each has a lock beside it as long as its studio lives.
_PREFIX = "impasto-studio-"
#: What the system says of addresses that it does not have, or does not know.
_ELSEWHERE = (99, 49, 10049, socket.EAI_NONAME, socket.EAI_AGAIN)


@contextmanager
def served(options: StudioOptions) -> Iterator[str]:
    """Serve the studio for the block, as `impasto.studio.serve`."""
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"the history cannot be kept in {options.folder} ({error.strerror})"
        raise ImpastoError(f"{reason}: name another folder with --history") from error
    with _listening(options.host, options.port) as listener, _own_folder() as folder:
        studio = Studio(options, folder)
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
            host = f"[{options.host}]" if ":" in options.host else options.host
            yield f"http://{host}:{listener.getsockname()[1]}{options.root_path.rstrip('/')}/"
        finally:
            studio.close(_CLOSING)
            # Requests that are cut off now are no errors.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            server.should_exit = True
            thread.join(_CLOSING)


@contextmanager
def _listening(host: str, first: int) -> Iterator[socket.socket]:
    """Listen at the first free port, or raise ImpastoError."""
    for port in range(first, min(first + _TRIED, 65536)):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            both = host == "::" and socket.has_dualstack_ipv6()
            listener = socket.create_server((host, port), family=family, dualstack_ipv6=both)
        except OSError as error:
            if error.errno in _ELSEWHERE:
                raise ImpastoError(f"{host} is not an address of this machine") from error
            continue
        with listener:
            yield listener
        return
    raise ImpastoError(f"no free port from {first} on: name another with --port")


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Make a folder for the block, and delete those of studios that were killed."""
    place = Path(tempfile.gettempdir())
    # What has no lock beside it may be anything, even somebody's history.
    for lock in place.glob(f"{_PREFIX}*.lock"):
        with suppress(Timeout, OSError), FileLock(lock, timeout=0):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink()
    folder = place / f"{_PREFIX}{secrets.token_hex(8)}"
    with FileLock(f"{folder}.lock"):  # first, so that nobody deletes it
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # Windows keeps what is open
                Path(f"{folder}.lock").unlink()


_LOG = logging.getLogger(__name__)


def make_app(studio: Studio) -> Guard:
    """Return the whole application: the page, the interface, and what guards both."""
    app = FastAPI(
        title="impasto studio",
        version=__version__,
        description="Paints pictures in the style of others. Errors are `{error: sentence}`.",
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
        root_path_in_servers=False,
    )
    for kind in (ImpastoError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _told)
    app.state.studio = studio
    app.include_router(picture_routes.router)
    app.include_router(run_routes.router)
    # Of FastAPI's own models, whenever it first needs one; nothing that a user could mend.
    warnings.filterwarnings("ignore", "The 'alias' attribute", UserWarning)
    app.mount("/", GZipMiddleware(StaticFiles(packages=[("impasto", "web")], html=True)))
    studio.warm_up()  # beside everything else
    return Guard(app, studio.options)


async def _told(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return JSONResponse({"error": f"{where or 'the request'}: {first['msg']}"}, 422)
    if isinstance(error, ImpastoError):
        return JSONResponse({"error": said_of(error)}, getattr(error, "status", 400))
    if isinstance(error, HTTPException):
        return JSONResponse({"error": str(error.detail)}, error.status_code)
    _LOG.error("a request failed", exc_info=error)
    return JSONResponse({"error": said_of(error)}, 500)
