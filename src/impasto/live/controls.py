"""What can be changed while it runs, and the keys that do it."""

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
    """What is shown now."""

    styles: int = 1  # how many there are
    style: int = 0  # number of the one
    strength: float = 1.0  # from 0 to 1
    frozen: bool = False  # whether the picture stands still
    split: bool = False  # whether the left half is shown as it was
    overlay: bool = True  # whether frames a second and latency are written on the picture
    recording: bool = False
    snapshots: int = 0  # pictures to be saved with the next frame
    over: bool = False  # whether to stop

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
