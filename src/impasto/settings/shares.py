"""How much of each style picture there is in a mixture."""

from impasto.errors import SettingsError
from impasto.settings import Settings


def normalized_style_weights(settings: Settings, styles: int) -> list[float]:
    """Return each style picture's share; they sum to 1.

    Raises:
        SettingsError: There is no picture, or another number of weights, or all are 0.
    """
    if settings.row.one_style and not styles:
        return []
    given = settings.style_weights or (1.0,) * styles
    if not styles:
        raise SettingsError("give at least one style picture")
    if len(given) != styles:
        raise SettingsError(f"style_weights has {len(given)} numbers for {styles} style pictures")
    if not sum(given):
        raise SettingsError("style_weights must not all be 0")
    return [share / sum(given) for share in given]
