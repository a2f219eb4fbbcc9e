"""What an answer of a collection holds, and how its text is read."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, NamedTuple

from impasto.collect.entries import Lead

_TAG = re.compile(r"<[^<>]{0,2000}>")


class Findings(NamedTuple):
    """What is in one answer.

    Attributes:
        pictures: In their order.
        further: Addresses of answers to be asked for next.
    """

    pictures: list[Lead]
    further: list[str]


def plain(text: Any) -> str | None:  # noqa: ANN401 (anything may be in an answer)
    """Return a text without markup; None if there is nothing in it."""
    if not isinstance(text, str):
        return None
    whole = text.encode(errors="replace").decode()  # JSON may hold half a character
    return " ".join(unescape(_TAG.sub(" ", whole)).split())[:300] or None


def number(value: Any) -> int | None:  # noqa: ANN401 (likewise)
    """Return a number of pixels; None if it is none."""
    return value if isinstance(value, int) and 0 < value < 1 << 31 else None
