"""Looks: one word for what people vary most, one frozen row each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a word of `Settings.look` stands for."""

    name: str
    sentence: str  # what one sees, for people
    settings: Mapping[str, Any] = field(default_factory=dict)


LOOKS = {
    row.name: row
    for row in (
        Look(
            name="bold",
            sentence="large strokes",
            settings={"style_scale": 1.8, "content_weight": 0.08},
        ),
        Look(name="fine", sentence="small ones", settings={"style_scale": 0.5}),
        Look(
            name="faithful",
            sentence="the photo stays clear",
            settings={"content_weight": 0.4},
        ),
        Look(
            name="abstract",
            sentence="it dissolves",
            settings={"style_scale": 1.3, "content_weight": 0.02},
        ),
        Look(name="soft", sentence="even and smooth", settings={"tv_weight": 20.0}),
    )
}


def look_help() -> str:
    """Return the help of the option: each look with its sentence."""
    return "; ".join(f"{row.name}: {row.sentence}" for row in LOOKS.values()).capitalize() + "."
