"""What a pass of the network will need of memory, estimated before it begins."""

from impasto.errors import ImpastoError
from impasto.machine import free_memory

#: Measured at 4096x2160 (benchmarks/RESULTS.md), with some room: of a pixel, and of libraries.
BYTES_PER_PIXEL, BASE_BYTES = 150, 0.3e9


def check_memory(size: tuple[int, int]) -> None:
    """Refuse a picture (width, height) that cannot fit, before it takes the machine down.

    Raises:
        ImpastoError: It says what is needed, what there is, and the size that would fit.
    """
    free, pixels = free_memory(), size[0] * size[1]
    needed = BASE_BYTES + BYTES_PER_PIXEL * pixels
    if free is None or needed <= free:
        return
    fitting = int(max(size) * (max(free - BASE_BYTES, 0) / (needed - BASE_BYTES)) ** 0.5)
    advice = f"try size {fitting // 16 * 16}" if fitting >= 64 else "close other programs"
    raise ImpastoError(
        f"painting at {size[0]}x{size[1]} needs about {needed / 1e9:.1f} GB of memory and "
        f"{free / 1e9:.1f} GB are free: {advice}"
    )
