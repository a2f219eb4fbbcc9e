"""The studio: a page that makes and compares pictures, and an API. It needs the extra `studio`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from impasto.errors import MissingExtraError
from impasto.studio.options import StudioOptions
from impasto.telemetry import disable_telemetry

__all__ = ["StudioOptions", "serve"]


@contextmanager
def serve(options: StudioOptions | None = None) -> Iterator[str]:
    """Serve the studio for the block.

    Args:
        options: How; None: on this machine only.

    Yields:
        The address of its page.

    Raises:
        ImpastoError: It cannot listen there.
        MissingExtraError: The extra is not installed.
    """
    disable_telemetry()  # once more: Gradio and its client read the variables when imported
    try:
        with _without_stubs():
            import gradio  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the studio", "studio") from error
    from impasto.studio.serving import served

    with served(options or StudioOptions()) as url:
        yield url


@contextmanager
def _without_stubs() -> Iterator[None]:
    """Keep Gradio from comparing the stub files of all its components: half of its start."""
    real = inspect.getfile

    def getfile(of: Any) -> str:  # noqa: ANN401
        if isinstance(of, type) and of.__module__.startswith("gradio."):
            raise OSError("none of our files")
        return real(of)

    inspect.getfile = getfile  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = real
