"""What can be changed while it runs, and the keys that do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: A step of strength.
_STEP = 0.1


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

    def press(self, key: str) -> bool:
        """Do what a key does, and tell whether it does anything.

        Args:
            key: Of `KEYS`.
        """
        action = _ACTIONS.get(key)
        if action is not None:
            action(self)
        return action is not None

    def turn(self, by: int) -> None:
        """Go on to another style."""
        self.style = (self.style + by) % self.styles

    def strengthen(self, by: float) -> None:
        """Change the strength."""
        self.strength = round(min(1.0, max(0.0, self.strength + by)), 3)

    def toggle(self, name: str) -> None:
        """Turn something on or off."""
        setattr(self, name, not getattr(self, name))

    def snap(self) -> None:
        """Save the next picture."""
        self.snapshots += 1

    def stop(self) -> None:
        """Come to an end."""
        self.over = True


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
_ACTIONS: Mapping[str, Callable[[Controls], None]] = {
    "right": lambda c: c.turn(1),
    "left": lambda c: c.turn(-1),
    "up": lambda c: c.strengthen(_STEP),
    "down": lambda c: c.strengthen(-_STEP),
    "space": lambda c: c.toggle("frozen"),
    "b": lambda c: c.toggle("split"),
    "s": Controls.snap,
    "r": lambda c: c.toggle("recording"),
    "o": lambda c: c.toggle("overlay"),
    "q": Controls.stop,
}
