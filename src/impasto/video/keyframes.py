"""Strength and mixture of styles that change over time.

A file is a list of moments; between two of them values go evenly from one to the other:

    [{"time": 0, "strength": 0, "style_weights": [1, 0]},
     {"time": "0:04.5", "strength": 1},
     {"time": 9, "style_weights": [0, 1]}]
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import SettingsError

_NAMES = ("time", "strength", "style_weights")


@dataclass(frozen=True)
class Keyframes:
    """What holds when.

    Attributes:
        strength: Seconds and values, in order of time; empty: it does not change.
        style_weights: Seconds and weights, likewise.
    """

    strength: Sequence[tuple[float, float]] = ()
    style_weights: Sequence[tuple[float, tuple[float, ...]]] = ()

    def at(self, second: float) -> tuple[float | None, tuple[float, ...] | None]:
        """Return strength and weights at a moment; None: as the settings say."""
        strength = None
        if self.strength:
            times, values = zip(*self.strength, strict=True)
            strength = round(float(np.interp(second, times, values)), 4)
        if not self.style_weights:
            return strength, None
        times, weights = zip(*self.style_weights, strict=True)
        columns = zip(*weights, strict=True)
        mixed = tuple(round(float(np.interp(second, times, each)), 4) for each in columns)
        return strength, mixed


def seconds(text: str) -> float:
    """Return a time as `83.5`, `1:23.5` or `0:01:23.5` in seconds.

    Raises:
        SettingsError: It is none.
    """
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?", text):
        raise SettingsError(f"{text} is not a time: write 83.5 or 1:23.5")
    found = 0.0
    for part in text.split(":"):
        found = 60 * found + float(part)
    return found


def read_keyframes(path: Path, styles: int) -> Keyframes:
    """Read a file of moments.

    Args:
        path: The file.
        styles: How many style pictures there are.

    Raises:
        SettingsError: It cannot be read, or says something that cannot be.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise SettingsError(f'{path} is not a list of moments: [{{"time": 0, "strength": 1}}, …]')
    moments = [(_time(each, path), each) for each in _checked(entries, path, styles)]
    timed = sorted(moments, key=lambda moment: moment[0])
    return Keyframes(
        [(time, float(each["strength"])) for time, each in timed if "strength" in each],
        [
            (time, tuple(map(float, each["style_weights"])))
            for time, each in timed
            if "style_weights" in each
        ],
    )


def _time(entry: Mapping[str, Any], path: Path) -> float:
    if "time" not in entry:
        raise SettingsError(f"{path}: a moment has no time")
    return seconds(str(entry["time"]))


def _checked(entries: Sequence[dict[str, Any]], path: Path, styles: int) -> list[dict[str, Any]]:
    """Return the entries, if all that they say can be."""
    for entry in entries:
        unknown = entry.keys() - set(_NAMES)
        if unknown:
            raise SettingsError(f"{path}: {min(unknown)} is none of {', '.join(_NAMES)}")
        strength, weights = entry.get("strength", 0), entry.get("style_weights", [1] * styles)
        if not _is_number(strength) or not 0 <= strength <= 1:
            raise SettingsError(f"{path}: strength is {strength}: choose from 0 to 1")
        fits = (
            isinstance(weights, list) and len(weights) == styles and all(map(_is_number, weights))
        )
        if not fits or min(weights, default=0) < 0 or sum(weights) <= 0:
            raise SettingsError(
                f"{path}: style_weights is {weights}: "
                f"give {styles} numbers, none negative, not all 0"
            )
    return list(entries)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
