"""How a data set is stylized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from impasto.errors import SettingsError
from impasto.settings import Settings


@dataclass(frozen=True)
class DatasetOptions:
    """Everything that decides what becomes of a data set; two equal ones make equal files.

    Attributes:
        settings: How pictures are painted; `strength` and `size` are this class's own matter.
        copies: Results of each picture.
        strength: Least and most strength; each result has one of its own between them.
        seed: Of every choice.
        also: Folders of the data set whose files are never painted: label maps. In shards, too,
            what follows the key of a sample: `seg.png`.
        balance: Whether pictures of rare classes (folders) get more copies, so that all classes
            have as many.
        splits: Top folder -> its part of the styles; no other folder's pictures get those.
        quality: Of JPEG, WebP and AVIF, from 1 to 100.

    Raises:
        SettingsError: Something is out of range.
    """

    settings: Settings = field(default_factory=lambda: Settings(method="fast"))
    copies: int = 1
    strength: tuple[float, float] = (1.0, 1.0)
    seed: int = 0
    also: tuple[str, ...] = ()
    balance: bool = False
    splits: Mapping[str, float] = field(default_factory=dict)
    quality: int = 95

    def __post_init__(self) -> None:
        low, high = self.strength
        parts = all(0 < part < 1 for part in self.splits.values()) and self.part <= 1
        rules = {
            "copies is at least 1": self.copies >= 1,
            "strength is from 0 to 1, the least first": 0 <= low <= high <= 1,
            "a split's part of the styles is above 0, all together at most 1": parts,
            "quality is from 1 to 100": 1 <= self.quality <= 100,
        }
        for rule, kept in rules.items():
            if not kept:
                raise SettingsError(rule)

    @property
    def part(self) -> float:
        """Part of the styles that all splits have together; sums of floats are a little off."""
        return round(sum(self.splits.values()), 9)

    def to_dict(self) -> dict[str, Any]:
        """Return all options as JSON-able values."""
        return {**vars(self), "settings": self.settings.to_dict(), "splits": dict(self.splits)}
