"""What a pass of the network will need of memory, estimated before it begins."""

from impasto.machine import check_fits, free_memory

#: What libraries and weights take.
BASE_BYTES = 0.3e9


def check_memory(size: tuple[int, int], bytes_per_pixel: int) -> None:
    """Refuse a picture (width, height) that cannot fit, before it takes the machine down.

    Raises:
        ImpastoError: It says what is needed, what there is, and the size that would fit.
    """
    needed = BASE_BYTES + bytes_per_pixel * size[0] * size[1]
    what = f"painting at {size[0]}x{size[1]}"
    check_fits(needed, free_memory(), BASE_BYTES, max(size), what)
