"""The attribute `srcset`: one picture in several sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Candidate(NamedTuple):
    """One of the sizes.

    Attributes:
        url: As written.
        size: Width in pixels, or density; more is larger.
    """

    url: str
    size: float


def candidates(text: str) -> list[Candidate]:
    """Take a srcset apart, as HTML has it: addresses may hold commas, but not end in one.

    Args:
        text: "small.jpg 480w, large.jpg 1200w" or "a.png, b.png 2x".

    Returns:
        All with an address, in their order.
    """
    found, at = [], 0
    while at < len(text):
        start = re.compile(r"[\s,]*").match(text, at)
        at = start.end() if start else at
        end = re.compile(r"\S*").match(text, at)
        url = end[0] if end else ""
        at += len(url)
        if not url:
            break
        descriptors = ""
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            descriptors, at = _descriptors(text, at)
        found.append(Candidate(url, _size(descriptors)))
    return [each for each in found if each.url]


def _descriptors(text: str, at: int) -> tuple[str, int]:
    """Return what stands before the next comma that is not in parentheses, and where that ends."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == "(") - (text[place] == ")" and depth > 0)
        if text[place] == "," and depth == 0:
            return text[at:place], place + 1
    return text[at:], len(text)


def _size(descriptors: str) -> float:
    for word in descriptors.split():
        if re.fullmatch(r"\d+w|\d+(\.\d+)?x", word):
            return float(word[:-1])
    return 1.0


def largest(texts: Iterable[str]) -> Candidate | None:
    """Return the largest candidate of several srcsets, the first of equals; None of none."""
    found = (each for text in texts for each in candidates(text))
    return max(found, key=lambda each: each.size, default=None)
