"""Style pictures that the project draws itself, free of anybody's rights."""

from collections.abc import Callable, Mapping

from impasto.errors import SettingsError
from impasto.gallery.mosaic import mosaic
from impasto.gallery.strokes import strokes
from impasto.images import Picture

#: Name -> function of (longest side in pixels, seed) that draws a uint8 (H, W, 3) array.
DRAWINGS: Mapping[str, Callable[..., Picture]] = {"mosaic": mosaic, "strokes": strokes}


def draw(name: str, size: int = 768, seed: int = 0) -> Picture:
    """Draw a style picture.

    Args:
        name: One of `DRAWINGS`.
        size: Side of the square picture, in pixels.
        seed: Of everything random in it.

    Raises:
        SettingsError: There is no such drawing.
    """
    if name not in DRAWINGS:
        raise SettingsError(f"there is no drawing {name!r}; there are: {', '.join(DRAWINGS)}")
    return DRAWINGS[name](size, seed)
