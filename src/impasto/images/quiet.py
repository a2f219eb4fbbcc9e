"""Silence for the libraries below: a picture opens or it does not, it never warns."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_filters: warnings.catch_warnings[None] | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore the warnings of Pillow and its plug-ins within a block.

    `warnings.catch_warnings` alone is not safe when several threads decode: the last to leave
    would bring back the filters of another. So the first one in sets them and the last one out
    restores them.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _filters, _inside
    with _lock:
        if _inside == 0:
            _filters = warnings.catch_warnings()
            _filters.__enter__()
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|tifffile|imagecodecs)\b")
        _inside += 1


def _leave() -> None:
    global _filters, _inside
    with _lock:
        _inside -= 1
        if _inside == 0 and _filters is not None:
            _filters.__exit__(None, None, None)
            _filters = None
