"""The studio as a server: where it listens, and what it takes from the network."""

from __future__ import annotations

import asyncio
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio import processing_utils

from impasto.errors import ImpastoError
from impasto.studio.atelier import Atelier
from impasto.studio.looks import CSS, theme
from impasto.studio.options import StudioOptions
from impasto.studio.page import make_page

#: Ports that are tried.
_TRIED = 64
#: Seconds between two looks for work.
_LOOK = 0.02


def free_port(host: str, first: int) -> int:
    """Return the first free port, or raise ImpastoError."""
    for port in range(first, min(first + _TRIED, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((host, port))
            except PermissionError:
                continue
            except OSError as error:
                if error.errno in _ELSEWHERE or isinstance(error, socket.gaierror):
                    raise ImpastoError(f"{host} is not an address of this machine") from error
                continue
        return port
    raise ImpastoError(f"no free port from {first} on: name another with --port")


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
        ImpastoError: It cannot listen there, or its history cannot be written.
    """
    # Of Gradio's own models; nothing that a user could mend.
    warnings.filterwarnings("ignore", "The 'alias' attribute", UserWarning)
    port = free_port(options.host, options.port)
    atelier = Atelier(options)
    try:
        with _uploading(atelier), _fetching(atelier):
            page = make_page(atelier)
            page.queue(default_concurrency_limit=None, max_size=8 * options.queue)
            # Gradio would look for work a thousand times a second.
            page._queue.sleep_when_free = _LOOK
            _, url, _ = page.launch(**_launching(options, port))
            try:
                yield url
            finally:
                page.close(verbose=False)
    finally:
        atelier.close()


@contextmanager
def _uploading(atelier: Atelier) -> Iterator[None]:
    """Let Gradio put uploads into our folder, which is deleted with the studio."""
    name = "GRADIO_TEMP_DIR"
    before = os.environ.get(name)
    os.environ[name] = str(atelier.folder / "uploads")
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


@contextmanager
def _fetching(atelier: Atelier) -> Iterator[None]:
    """Fetch what programs give as addresses ourselves: Gradio would set no limit to its size."""
    real = processing_utils.async_ssrf_protected_download

    async def fetched(url: str, cache_dir: str) -> str:
        del cache_dir  # ours are deleted too
        try:
            return str(await asyncio.to_thread(atelier.fetched, url))
        except ImpastoError as error:
            raise gr.Error(str(error), print_exception=False) from error

    processing_utils.async_ssrf_protected_download = fetched
    try:
        yield
    finally:
        processing_utils.async_ssrf_protected_download = real


def _launching(options: StudioOptions, port: int) -> dict[str, Any]:
    return {
        "server_name": f"[{options.host}]" if ":" in options.host else options.host,
        "server_port": port,
        "auth": list(options.auth) or None,
        "max_file_size": int(options.max_upload * 1e6),
        "theme": theme(),
        "css": CSS,
        "footer_links": ["api"],
        "prevent_thread_lock": True,
        "show_error": False,
        "quiet": True,
        "share": False,
        "ssr_mode": False,
        "inbrowser": False,
        "mcp_server": False,
        "enable_monitoring": False,
        # Each that waits holds a thread.
        "max_threads": 40 + options.queue,
        "allowed_paths": [],
    }
