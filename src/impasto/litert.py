"""LiteRT, which runs networks in TFLite files, without its messages."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from impasto.errors import importing
from impasto.machine import cores

_SILENCE = threading.Lock()


def opened(content: bytes, feature: str, extra: str) -> Any:  # noqa: ANN401
    """Return what runs a .tflite file, or raise a `MissingExtraError`; a `ValueError`: it is none.

    The feature and the extra are those of the error.
    """
    with importing(feature, extra):
        from ai_edge_litert.interpreter import Interpreter
    with without_messages():
        return Interpreter(model_content=content, num_threads=cores())


@contextmanager
def without_messages() -> Iterator[None]:
    """Keep from the terminal what LiteRT says of its delegates: it has no switch for that."""
    with _SILENCE, Path(os.devnull).open("w") as nowhere:
        kept = os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
