"""What a run will need of memory, told before it begins."""

import os
from pathlib import Path

import torch

from impasto.errors import ImpastoError

#: Bytes a pixel of the last octave at the peak, measured (benchmarks/RESULTS.md), and what the
#: libraries and the weights take before the first pixel.
BYTES_PER_PIXEL = {torch.float32: 3700, torch.bfloat16: 2200}
BASE_BYTES = 0.65e9


def needed_bytes(size: tuple[int, int], precision: torch.dtype) -> float:
    """Estimate the peak memory of optimizing a picture of (width, height)."""
    return BASE_BYTES + size[0] * size[1] * BYTES_PER_PIXEL[precision]


def free_bytes(device: torch.device) -> float | None:
    """Return the free memory of the device in bytes, or None where nobody tells."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return float(free)
    meminfo = Path("/proc/meminfo")
    if device.type == "cpu" and meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    if device.type == "cpu" and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return None


def check_memory(size: tuple[int, int], device: torch.device, precision: torch.dtype) -> None:
    """Refuse a run that cannot fit, before it takes the machine down.

    Raises:
        ImpastoError: It says what is needed, what there is, and the size that would fit.
    """
    free = free_bytes(device)
    needed = needed_bytes(size, precision)
    if free is None or needed <= free:
        return
    fitting = int(max(size) * (max(free - BASE_BYTES, 0) / (needed - BASE_BYTES)) ** 0.5)
    raise ImpastoError(
        f"painting at {size[0]}x{size[1]} needs about {needed / 1e9:.0f} GB of memory and "
        f"{free / 1e9:.0f} GB are free: try size {fitting // 16 * 16}"
    )
