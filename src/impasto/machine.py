"""What the machine has; nothing here imports torch."""

import ctypes
import os
import re
import sys
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError, SettingsError

LEAST_SIZE = 64
"""Longest side in pixels below which no smaller size is advised."""


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
    """Return the free main memory in bytes, or None where nobody tells."""
    found = [free for free in (_meminfo(), _cgroup()) if free is not None]
    if not found and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=None)


def give_back_memory() -> None:
    """Give memory that is free, but was kept for pieces to come, back to the system."""
    libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def parse_size(text: str) -> float:
    """Return the bytes that a text says: `4GiB`, `4G`, `800MB`, `1.5e9`.

    Raises:
        SettingsError: It says none.
    """
    number = r"((?:\d+\.?\d*|\.\d+)(?:e\d+)?)"
    found = re.fullmatch(rf"\s*{number}\s*([kmgt]?)(i?)(b?)\s*", text.lower())
    if found is None or float(found[1]) <= 0:
        raise SettingsError(f"{text!r} is not an amount of memory: say 4GiB or 800MB")
    base = 1000 if found[4] and not found[3] else 1024
    return float(found[1]) * float(base ** " kmgt".index(found[2] or " "))


def check_fits(needed: float, free: float | None, base: float, longest: int, what: str) -> None:
    """Refuse work that cannot fit, before it takes the machine down.

    Args:
        needed: Bytes at the peak.
        free: Bytes there are; None where nobody tells: nothing is refused then.
        base: Of the bytes needed, those that do not grow with the picture's area.
        longest: Longest side of the picture in pixels.
        what: Begins the message.

    Raises:
        ImpastoError: It says what is needed, what there is, and the size that would fit.
    """
    if free is None or needed <= free:
        return
    fitting = int(longest * (max(free - base, 0) / (needed - base)) ** 0.5)
    advice = f"try size {fitting // 16 * 16}" if fitting >= LEAST_SIZE else "close other programs"
    raise ImpastoError(
        f"{what} needs about {needed / 1e9:.1f} GB of memory and "
        f"{free / 1e9:.1f} GB are free: {advice}"
    )


def _meminfo() -> float | None:
    """Return what Linux says is available."""
    path = Path("/proc/meminfo")
    lines = path.read_text().splitlines() if path.exists() else []
    for line in lines:
        if line.startswith("MemAvailable:"):
            return float(line.split()[1]) * 1024
    return None


def _cgroup() -> float | None:
    """Return what a container's limit leaves."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text().strip()
        return float(limit) - float((folder / "memory.current").read_text())
    except (OSError, ValueError):  # no cgroup, or no limit ("max")
        return None
