"""What can be changed while it runs, and the keys that do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: A step of strength.
_STEP = 0.1
#: Keys and what they do, for people.
KEYS: Mapping[str, str] = {
    "right": "next style",
    "left": "previous style",
    "up": "stronger",
    "down": "weaker",
    "space": "freeze",
    "b": "before and after",
    "s": "save a picture",
    "r": "record",
    "o": "overlay",
    "q": "quit",
}
#: What keys turn on and off.
_SWITCHES = {"space": "frozen", "b": "split", "r": "recording", "o": "overlay"}


@dataclass
class Controls:
    """What is shown now.

    Attributes:
        styles: How many there are.
        style: Number of the one.
        strength: From 0 to 1.
        frozen: Whether the picture stands still.
        split: Whether the left half is shown as it was.
        overlay: Whether frames a second and latency are written on the picture.
        recording: Whether it is recorded.
        snapshots: Pictures to be saved with the next frame.
        over: Whether to stop.
    """

    styles: int = 1
    style: int = 0
    strength: float = 1.0
    frozen: bool = False
    split: bool = False
    overlay: bool = True
    recording: bool = False
    snapshots: int = 0
    over: bool = False

    def press(self, key: str) -> None:
        """Do what a key of `KEYS` does; other keys do nothing."""
        if key in ("right", "left"):
            self.style = (self.style + (1 if key == "right" else -1)) % self.styles
        elif key in ("up", "down"):
            strength = self.strength + (_STEP if key == "up" else -_STEP)
            self.strength = round(min(1.0, max(0.0, strength)), 3)
        elif key == "s":
            self.snapshots += 1
        elif key == "q":
            self.over = True
        elif key in _SWITCHES:
            setattr(self, _SWITCHES[key], not getattr(self, _SWITCHES[key]))
