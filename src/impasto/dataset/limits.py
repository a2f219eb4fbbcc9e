"""How much of what others wrote is read: a small file may claim terabytes."""

from impasto.errors import ImageError

#: Bytes of a file, or of what is packed in it.
MOST = 4 << 30


def check_bytes(count: int, most: int, name: str) -> None:
    """Raise an `ImageError` for what takes more bytes than are allowed."""
    if count > most:
        raise ImageError(
            f"{name} takes {_amount(count)}, more than {_amount(most)}: raise --max-bytes if it "
            "is what it should be"
        )


def _amount(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} TiB"
