"""The color modes, one frozen row each: whose colors a stylized picture has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ColorMode:
    """Whose colors a stylized picture has."""

    name: str  # a value of `Settings.color`
    sentence: str = ""  # what it does, in the words of the help; "" where the name says it
    # What changes the style before it is read: pixels of the style and of the content, alpha of
    # both, amount -> pixels, as `"module:name"` or itself; "": nothing.
    recolor_style: str | Callable[..., Any] = ""
    # What changes the stylized picture: its pixels, the content's, amount -> pixels, as
    # `"module:name"` or itself; "": nothing.
    recolor_result: str | Callable[..., Any] = ""

    @property
    def is_plain(self) -> bool:
        """Whether the picture keeps the colors it is painted in."""
        return not self.recolor_style and not self.recolor_result


_CONTENT = ColorMode(
    name="content",
    sentence="only luminance is painted",
    recolor_result="impasto.images.color:keep_colors",
)
_MATCH = ColorMode(
    name="match",
    sentence="the style's, moved to the content's",
    recolor_style="impasto.images.color:match_colors",
)
#: All color modes by name.
COLOR_MODES = {row.name: row for row in (ColorMode(name="style"), _CONTENT, _MATCH)}


def color_help() -> str:
    """Return the help of the option: each mode with its sentence."""
    modes = [f"{m.name} ({m.sentence})" if m.sentence else m.name for m in COLOR_MODES.values()]
    return f"Whose colors: {', '.join(modes[:-1])}, or {modes[-1]}."
