"""What becomes of memory that is freed: the program's matter, not the library's."""

import ctypes
import sys
from typing import TYPE_CHECKING, Any

from impasto.machine import free_memory
from impasto.settings.encoders import ENCODERS

if TYPE_CHECKING:
    from impasto.settings import Settings

#: What a run takes at the most, kept pieces included, of what its encoder takes.
_SPARE = 1.5
#: Names of options in glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def reuse_freed_memory(settings: "Settings") -> None:
    """Keep the memory that a step of an optimization frees for the next one.

    glibc returns each large piece at once, and the system fills it with zeros when it is asked for
    again: a third of the time of large pictures. Kept pieces take up to a quarter more memory:
    where that may be short, and on other systems, nothing changes.
    """
    rows = [ENCODERS[name] for name in settings.encoders if name in ENCODERS]
    most = max((max(row.bytes_per_pixel.values()) for row in rows), default=0)
    needed, free = _SPARE * most * settings.size**2, free_memory() or 0.0
    if not settings.row.steps or settings.memory or needed > free or sys.platform != "linux":
        return
    libc: Any = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # before glibc 2.35 so much is refused
        libc.mallopt(_MMAP_THRESHOLD, 1 << 30) or libc.mallopt(_MMAP_THRESHOLD, 32 << 20)
        libc.mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)
