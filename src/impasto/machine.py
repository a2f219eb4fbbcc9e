"""What the machine has; nothing here imports torch."""

import os
from pathlib import Path


def free_memory() -> float | None:
    """Return the free main memory in bytes, or None where nobody tells."""
    found = [free for free in (_meminfo(), _cgroup()) if free is not None]
    if not found and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=None)


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
