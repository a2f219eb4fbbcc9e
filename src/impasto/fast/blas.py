"""Keeping numpy's linear algebra on one core while a network's runtime has them all.

The threads of OpenBLAS wait for more work by spinning, and take a core from the runtime that comes
next: a picture takes twice as long.
"""

from __future__ import annotations

import threading
from functools import cache
from types import TracebackType
from typing import Any


@cache
def _controller() -> Any:  # noqa: ANN401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class OneCore:
    """A context; several threads may be in it at once, and the last one out puts things back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._limit = _controller().limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


ONE_CORE = OneCore()
