"""The studio: a web page that makes and compares pictures, and an HTTP interface.

It needs the extra `studio`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from impasto.errors import importing
from impasto.studio.options import StudioOptions

__all__ = ["StudioOptions", "serve"]


@contextmanager
def serve(options: StudioOptions | None = None) -> Iterator[str]:
    """Serve the studio for the block, without options on this machine only; yield its address.

    ImpastoError: It cannot listen there. MissingExtraError: The extra is not installed.
    """
    with importing("the studio", "studio"):
        import fastapi  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn  # noqa: F401
    from impasto.studio.serving import served

    with served(options or StudioOptions()) as url:
        yield url
