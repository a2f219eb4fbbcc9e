"""What becomes of memory that is freed: the program's matter, not the library's."""

import ctypes
import sys
from typing import TYPE_CHECKING, Any

from impasto.machine import free_memory

if TYPE_CHECKING:
    from impasto.settings import Settings

#: More bytes a pixel than painting takes, by whether VGG-19 is among the encoders.
_BYTES_PER_PIXEL = {True: 5500, False: 2750}
#: Names of options in glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def reuse_freed_memory(settings: "Settings") -> None:
    """Keep the memory that a step of an optimization frees for the next one.

    glibc returns each large piece at once, and the system fills it with zeros when it is asked for
    again: a third of the time of large pictures. Kept pieces take up to a quarter more memory:
    where that may be short, and on other systems, nothing changes.
    """
    free = free_memory() or 0.0
    needed = settings.size**2 * _BYTES_PER_PIXEL["vgg19" in settings.encoders]
    if settings.one_pass or settings.memory or needed > free or sys.platform != "linux":
        return
    libc: Any = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # before glibc 2.35 so much is refused
        libc.mallopt(_MMAP_THRESHOLD, 1 << 30) or libc.mallopt(_MMAP_THRESHOLD, 32 << 20)
        libc.mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)
