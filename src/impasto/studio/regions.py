"""Parts of a picture that stay as they are, or take one style: masks of the studio's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import SettingsError
from impasto.settings import Settings
from impasto.settings.choices import REST


@dataclass(frozen=True)
class Regions:
    """Masks in files of the studio: no visitor names them, so they are no setting of his.

    Attributes:
        keep: What stays the photograph, or None.
        styles: What takes each style only; None: what others leave.
    """

    keep: Path | None = None
    styles: tuple[Path | None, ...] = ()

    @property
    def files(self) -> dict[str, Path]:
        """The masks, by what they are for: `keep`, `mask-1` and so on."""
        named = {f"mask-{number}": path for number, path in enumerate(self.styles, 1)}
        return {role: path for role, path in {"keep": self.keep, **named}.items() if path}

    def moved(self, change: Callable[[Path, str], Path]) -> Regions:
        """Return the same with other files."""
        made = {role: change(path, role) for role, path in self.files.items()}
        styles = tuple(made.get(f"mask-{number + 1}") for number in range(len(self.styles)))
        return Regions(made.get("keep"), styles)

    def put_into(self, settings: Settings) -> Settings:
        """Return settings that name the masks; SettingsError: they name others already."""
        named: dict[str, Any] = {"keep": str(self.keep)} if self.keep else {}
        if any(self.styles):
            named["masks"] = tuple(str(each) if each else REST for each in self.styles)
        for name in named:
            if getattr(settings, name) is not None:
                raise SettingsError(f"{name} is painted and named: clear the brush, or the name")
        return settings.updated(**named)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "keep": str(self.keep) if self.keep else None,
            "styles": [str(each) if each else None for each in self.styles],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> Regions:
        """Return what `to_dict` returned; of None: none."""
        keep, styles = (values or {}).get("keep"), (values or {}).get("styles", ())
        return cls(Path(keep) if keep else None, tuple(Path(e) if e else None for e in styles))
