"""What can be asked for of a clip, besides the settings that its frames are painted with.

Strength and mixture of styles can change over time. A file of keyframes is a list of moments;
between two of them values go evenly from one to the other:

    [{"time": 0, "strength": 0, "style_weights": [1, 0]},
     {"time": "0:04.5", "strength": 1},
     {"time": 9, "style_weights": [0, 1]}]
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from impasto.errors import SettingsError
from impasto.images import Source
from impasto.settings import FIELDS, Settings
from impasto.settings.declaration import check_known
from impasto.settings.typed import Options
from impasto.video.clip import Span
from impasto.video.encoding import CODECS

if TYPE_CHECKING:
    from typing_extensions import Unpack


_OF_MOMENT = ("time", "strength", "style_weights")


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
    for each in entries:
        _check(each, path, styles)
    timed = sorted(((seconds(str(each["time"])), each) for each in entries), key=lambda at: at[0])
    return Keyframes(
        [(time, float(each["strength"])) for time, each in timed if "strength" in each],
        [
            (time, tuple(map(float, each["style_weights"])))
            for time, each in timed
            if "style_weights" in each
        ],
    )


def _check(moment: Mapping[str, Any], path: Path, styles: int) -> None:
    unknown = moment.keys() - set(_OF_MOMENT)
    if unknown:
        raise SettingsError(f"{path}: {min(unknown)} is none of {', '.join(_OF_MOMENT)}")
    if "time" not in moment:
        raise SettingsError(f"{path}: a moment has no time")
    strength, weights = moment.get("strength", 0), moment.get("style_weights", [1] * styles)
    if not _is_number(strength) or not 0 <= strength <= 1:
        raise SettingsError(f"{path}: strength is {strength}: choose from 0 to 1")
    fits = isinstance(weights, list) and len(weights) == styles and all(map(_is_number, weights))
    if not fits or min(weights, default=0) < 0 or sum(weights) <= 0:
        raise SettingsError(
            f"{path}: style_weights is {weights}: give {styles} numbers, none negative, not all 0"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class VideoSettings(Span):
    """What is asked for besides `Settings`: a part of the clip, and how it is made.

    Attributes:
        stability: From 0, frame by frame, to 1.
        size: Longest side in pixels; None: the clip's own.
        codec: Of `CODECS`; None: what the file's kind usually has.
        crf: Quality of the codec, lower is better; None: its usual one.
        sound: Whether sound is copied.
        fps: Frames a second of pictures by number.
        compare: `side-by-side`, `wipe` or None.
        keyframes: Strength and mixture over time; None: as the settings say.

    Raises:
        SettingsError: A value is out of range.
    """

    stability: float = 0.9
    size: int | None = None
    codec: str | None = None
    crf: int | None = None
    sound: bool = True
    fps: float = 25.0
    compare: str | None = None
    keyframes: Keyframes | None = None

    def __post_init__(self) -> None:
        rules = {
            "stability is from 0 to 1": 0 <= self.stability <= 1,
            "every is at least 1": self.every >= 1,
            "start is not negative, and end is after it": self.start >= 0
            and (self.end is None or self.start < self.end),
            "size is at least 16": self.size is None or self.size >= 16,
            "crf is from 0 to 63": self.crf is None or 0 <= self.crf <= 63,
            f"codec is {', '.join(CODECS)}": self.codec is None or self.codec in CODECS,
            "fps is more than 0 and at most 1000": 0 < self.fps <= 1000,
            "compare is side-by-side or wipe": self.compare in (None, "side-by-side", "wipe"),
        }
        for rule, kept in rules.items():
            if not kept:
                raise SettingsError(rule)


class VideoOptions(Options, total=False):
    """The options of `stylize_video`: those of `Settings`, and of `VideoSettings`.

    Times are seconds, or `1:23.5`; `keyframes` names a .json file.
    """

    stability: float
    start: float | str
    end: float | str | None
    every: int
    codec: Literal["h264", "hevc", "vp9", "av1"] | None
    crf: int | None
    sound: bool
    fps: float
    compare: Literal["side-by-side", "wipe"] | None
    keyframes: str | PathLike[str] | None


def video_settings(
    styles: Sequence[Source], **options: Unpack[VideoOptions]
) -> tuple[Settings, VideoSettings]:
    """Return how frames are painted (`fast` if nothing else is asked for), and the rest.

    Raises:
        SettingsError: An option that does not exist or does not fit, or there is no style.
    """
    given: dict[str, Any] = {**options}
    known = [each.name for each in fields(VideoSettings)]
    for name in given:
        check_known(name, [*FIELDS, *known])
    asked = {name: given[name] for name in known if name in given}
    plain = {name: value for name, value in given.items() if name in FIELDS}
    method: dict[str, Any] = {} if {"method", "quality"} & plain.keys() else {"method": "fast"}
    settings = Settings(**method).updated(**plain)
    if not styles and not settings.row.one_style:
        raise SettingsError("give a style picture: impasto video CLIP STYLE")
    for name in ("start", "end"):
        if isinstance(asked.get(name), str):
            asked[name] = seconds(asked[name])
    if asked.get("keyframes") is not None:
        asked["keyframes"] = read_keyframes(Path(asked["keyframes"]), len(styles))
    return settings, VideoSettings(**asked)
