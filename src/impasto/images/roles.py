"""Pictures for their part in a run: content, style or start."""

from impasto.errors import ImageError
from impasto.images.opening import open_picture
from impasto.images.picture import Picture
from impasto.images.placing import repeated, turned
from impasto.images.sources import Source
from impasto.settings import Settings

#: Shorter side of any picture worth looking at, in pixels.
LEAST_PICTURE = 8


def open_role(source: Source, role: str, largest: int, keep: Settings | None = None) -> Picture:
    """Open a picture for a role (content, style, start), no larger than needed.

    Raises:
        ImageError: It cannot be read, or is too small to hold anything.
    """
    picture = open_picture(
        source,
        max_size=largest,
        keep_exif=keep is not None and keep.keep_exif,
        keep_gps=keep is not None and keep.keep_gps,
    )
    if min(picture.size) < LEAST_PICTURE and max(picture.size) < largest:
        raise ImageError(
            f"the {role} picture has {picture.width}x{picture.height} pixels: "
            f"too small, use one of at least {LEAST_PICTURE}x{LEAST_PICTURE}"
        )
    if picture.alpha is not None and not picture.alpha.any():
        raise ImageError(f"the {role} picture is wholly transparent: there is nothing to see in it")
    return picture


def placed(style: Picture, settings: Settings) -> Picture:
    """Return a style picture turned and repeated as the settings say, no larger than it was."""
    longest = max(style.size)
    if settings.style_turn % 360:
        style = turned(style, settings.style_turn)
    if settings.style_tiles > 1:
        style = repeated(
            style.resized(max(1, longest // settings.style_tiles)), settings.style_tiles
        )
    return style
