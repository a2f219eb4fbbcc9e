"""The whole application: the page, the HTTP interface, and what guards both."""

from __future__ import annotations

import logging
import warnings
from importlib.resources import files as package_files
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from impasto.errors import ImpastoError
from impasto.studio import picture_routes, run_routes
from impasto.studio.guard import Guard
from impasto.studio.runs import said_of
from impasto.studio.studio import Studio
from impasto.version import __version__

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
    )
    app.state.studio = studio
    app.include_router(picture_routes.router)
    app.include_router(run_routes.router)
    app.add_exception_handler(ImpastoError, _told)
    app.add_exception_handler(RequestValidationError, _told)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(Exception, _told)
    # Of FastAPI's own models, whenever it first needs one; nothing that a user could mend.
    warnings.filterwarnings("ignore", "The 'alias' attribute", UserWarning)
    page = Path(str(package_files("impasto"))) / "web"
    if page.is_dir():
        app.mount("/", GZipMiddleware(StaticFiles(directory=page, html=True)))
    studio.engine.warm_up()
    return Guard(app, studio.options)


async def _told(_: Request, error: Exception) -> JSONResponse:
    """Tell a visitor what is wrong, in one sentence."""
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
