"""What is collected, and how: every option once."""

import zlib
from dataclasses import asdict, dataclass, fields

from impasto.collect.items import LICENSES
from impasto.errors import SettingsError
from impasto.settings.declaration import checked, option, plain_types

TYPES = ("jpg", "png", "webp", "avif", "heic", "tiff", "gif", "bmp")
"""Types of pictures, as their files' names end."""


@dataclass(frozen=True, kw_only=True)
class CollectOptions:
    """How pictures are collected.

    Raises:
        SettingsError: A value is out of range or of the wrong type; the message names the option.
    """

    limit: int = option(
        200, "Maximum pictures in the folder, old ones included.", "How much", least=1
    )
    depth: int = option(0, "Follow links this many pages deep.", "How much", least=0)
    pages: int = option(1000, "Maximum number of pages to read.", "How much", least=1)
    any_site: bool = option(False, "Follow links to other sites too.", "How much")
    min_size: int = option(200, "Minimum shorter side, in pixels.", "Which", least=1)
    max_size: int = option(20000, "Maximum longer side, in pixels.", "Which", least=1)
    aspect: tuple[float, ...] = option(
        (0.2, 5.0), "Minimum and maximum width / height.", "Which", items=float, above=0.0
    )
    types: tuple[str, ...] = option(
        TYPES, "Types, told by the content.", "Which", items=str, choices=TYPES
    )
    license: tuple[str, ...] | None = option(
        None,
        f"Only under these: {', '.join(LICENSES)}.",
        "Which",
        items=str,
        choices=LICENSES,
        shown="any",
        aliases=("--licence",),
    )
    near: int = option(
        6, "Bits (of 64) by which near-duplicates differ at most.", "Which", least=0, most=24
    )
    delay: float = option(
        1.0, "Minimum seconds between requests to a host.", "Politeness", least=0.0, most=3600.0
    )
    timeout: float = option(60.0, "Maximum seconds for a file or page.", "Politeness", above=0.0)
    max_bytes: int = option(50_000_000, "Maximum bytes of a picture.", "Politeness", least=1)
    max_page_bytes: int = option(5_000_000, "Maximum bytes of a page.", "Politeness", least=1)

    def __post_init__(self) -> None:
        for name, each in FIELDS.items():
            value = getattr(self, name)
            value = value.lower() if isinstance(value, str) else value
            object.__setattr__(self, name, checked(each, value, KINDS[name]))
        if self.min_size > self.max_size:
            raise SettingsError(f"min_size {self.min_size} is above max_size {self.max_size}")
        if len(self.aspect) != 2 or self.aspect[0] > self.aspect[1]:
            raise SettingsError("aspect must be two numbers, from and to: 0.5,2")

    def digest(self) -> int:
        """Return what tells these options from others; limit and politeness make no difference."""
        values = asdict(self)
        for name in ("limit", "delay", "timeout"):
            del values[name]
        return zlib.crc32(str(values).encode()) >> 1


FIELDS = {each.name: each for each in fields(CollectOptions)}
KINDS = plain_types(CollectOptions)
