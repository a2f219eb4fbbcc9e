"""What happens while pictures are collected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Taken:
    """A picture that is in the folder now.

    Attributes:
        url: Where it came from.
        path: Where it is.
        again: Whether it was there from an earlier run.
    """

    url: str
    path: Path
    again: bool = False


@dataclass(frozen=True)
class Refused:
    """An address that was not taken.

    Attributes:
        url: Which.
        page: Where it was found; None: it was given.
        reason: One of `REASONS`.
        detail: What exactly.
    """

    url: str
    page: str | None
    reason: str
    detail: str


@dataclass(frozen=True)
class Visited:
    """A page that was read, or an answer of a collection.

    Attributes:
        url: Which.
    """

    url: str


Event = Taken | Refused | Visited
