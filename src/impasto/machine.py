"""What the machine has; nothing here imports torch."""

import ctypes
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError, SettingsError

#: Longest side in pixels below which no smaller size is advised.
LEAST_ADVISED = 64


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this package in a process of its own."""
    program = (
        # Not `-m`: that would import what is in the current folder first.
        "import sys, runpy; sys.path[:1] = filter(None, sys.path[:1]); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", program, *arguments]


def free_memory() -> float | None:
    """Return the free main memory in bytes, a container's limit observed; None: nobody tells.

    Where only the whole is known, as on macOS, it is that.
    """
    found = []
    with suppress(OSError):  # not Linux
        said = re.search(r"MemAvailable: *(\d+)", Path("/proc/meminfo").read_text())
        found += [float(said[1]) * 1024] if said else []
    folder = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):  # no cgroup, or no limit ("max")
        limit = float((folder / "memory.max").read_text())
        said = re.search(
            r"^inactive_file (\d+)", (folder / "memory.stat").read_text(), re.MULTILINE
        )
        cache = float(said[1]) if said else 0.0  # of files: given back when it is needed
        found.append(limit - float((folder / "memory.current").read_text()) + cache)
    if not found and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=None)


def give_back_memory() -> None:
    """Give memory that is free, but was kept for pieces to come, back to the system."""
    libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def parse_size(text: str) -> float:
    """Return the bytes that a text says, `4GiB`, `4G`, `800MB`, `1.5e9`, or a `SettingsError`."""
    number = r"((?:\d+\.?\d*|\.\d+)(?:e\d+)?)"
    found = re.fullmatch(rf"\s*{number}\s*([kmgt]?)(i?)(b?)\s*", text.lower())
    if found is None or float(found[1]) <= 0:
        raise SettingsError(f"{text!r} is not an amount of memory: say 4GiB or 800MB")
    base = 1000 if found[4] and not found[3] else 1024
    return float(found[1]) * float(base ** " kmgt".index(found[2] or " "))


def check_fits(needed: float, free: float | None, base: float, longest: int, what: str) -> None:
    """Refuse work that cannot fit, before it takes the machine down; the message says what would.

    Needed are bytes at the peak; those of `base` do not grow with the picture's area, whose longest
    side is told in pixels. Where nobody tells how many bytes are free, nothing is refused.
    """
    if free is None or needed <= free:
        return
    fitting = int(longest * (max(free - base, 0) / (needed - base)) ** 0.5) // 16 * 16
    advice = f"try size {fitting}" if fitting >= LEAST_ADVISED else "close other programs"
    raise ImpastoError(
        f"{what} needs about {needed / 1e9:.1f} GB of memory and "
        f"{free / 1e9:.1f} GB are free: {advice}"
    )
