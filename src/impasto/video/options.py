"""Options of a video, besides the settings that its frames are painted with.

Strength and mixture of styles can change over time. A file of keyframes is a list of moments;
between two of them values go evenly from one to the other:

    [{"time": 0, "strength": 0, "style_weights": [1, 0]},
     {"time": "0:04.5", "strength": 1},
     {"time": 9, "style_weights": [0, 1]}]
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from operator import itemgetter
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from impasto.errors import SettingsError
from impasto.images import Source
from impasto.settings import FIELDS, Settings
from impasto.settings.declaration import check_known
from impasto.settings.typed import Options
from impasto.video.clip import Clip, Frame
from impasto.video.encoding import CODECS
from impasto.video.pictures import Reader

if TYPE_CHECKING:
    from typing_extensions import Unpack

_OF_MOMENT = ("time", "strength", "style_weights")


@dataclass(frozen=True)
class Keyframes:
    """Values over time: seconds and values, in order of time; empty: no change."""

    strength: Sequence[tuple[float, float]] = ()
    style_weights: Sequence[tuple[float, tuple[float, ...]]] = ()

    def at(self, second: float) -> dict[str, Any]:
        """Return the settings at a moment, interpolated between those that are given."""
        found: dict[str, Any] = {}
        if self.strength:
            times, strengths = zip(*self.strength, strict=True)
            found["strength"] = _between(times, strengths, second)
        if self.style_weights:
            times, mixtures = zip(*self.style_weights, strict=True)
            shares = zip(*mixtures, strict=True)
            found["style_weights"] = tuple(_between(times, each, second) for each in shares)
        return found


def _between(times: Sequence[float], values: Sequence[float], second: float) -> float:
    return round(float(np.interp(second, times, values)), 4)


def seconds(text: str) -> float:
    """Return a time as `83.5`, `1:23.5` or `0:01:23.5` in seconds, or raise a `SettingsError`."""
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?", text):
        raise SettingsError(f"{text} is not a time: write 83.5 or 1:23.5")
    found = 0.0
    for part in text.split(":"):
        found = 60 * found + float(part)
    return found


def read_keyframes(path: Path, styles: int) -> Keyframes:
    """Read a file of moments for as many styles, or raise a `SettingsError`."""
    try:
        entries = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise SettingsError(f'{path} is not a list of moments: [{{"time": 0, "strength": 1}}, …]')
    moments = sorted((_moment(each, path, styles) for each in entries), key=itemgetter(0))
    return Keyframes(
        [(time, settings.strength) for time, settings, names in moments if "strength" in names],
        [(time, each.style_weights) for time, each, _ in moments if each.style_weights],
    )


def _moment(entry: Mapping[str, Any], path: Path, styles: int) -> tuple[float, Settings, set[str]]:
    """Return the time of a moment, the settings that it names, and their names."""
    unknown = entry.keys() - set(_OF_MOMENT)
    if unknown:
        raise SettingsError(f"{path}: {min(unknown)} is none of {', '.join(_OF_MOMENT)}")
    if "time" not in entry:
        raise SettingsError(f"{path}: a moment has no time")
    named = {name: value for name, value in entry.items() if name != "time"}
    try:
        settings = Settings(**named)
        if settings.style_weights:
            settings.normalized_style_weights(styles)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error
    return seconds(str(entry["time"])), settings, {*named}


@dataclass(frozen=True)
class VideoSettings:
    """The options of a video besides `Settings`: which part of the clip, and how it is written."""

    start: float = 0.0  # seconds of the first frame
    end: float | None = None  # seconds before which the last one is shown; None: to the end
    every: int = 1  # one frame in so many is painted
    stability: float = 0.9  # from 0, frame by frame, to 1
    size: int | None = None  # longest side in pixels; None: the clip's own
    codec: str | None = None  # of `CODECS`; None: what the file's kind usually has
    crf: int | None = None  # quality of the codec, lower is better; None: its usual one
    sound: bool = True  # whether sound is copied
    fps: float = 25.0  # frames a second of pictures by number
    compare: str | None = None  # `side-by-side`, `wipe` or None
    keyframes: Keyframes | None = None  # strength and mixture over time; None: as the settings say

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

    def frames(self, reader: Reader) -> Iterator[Frame]:
        """Yield the frames to paint; times count from `start`, each is shown until the next one.

        The first is what is on the screen at `start`.
        """
        frames = self._within(reader)
        for shown in frames:
            left_out = sum(frame.duration for frame in islice(frames, self.every - 1))
            yield shown._replace(duration=shown.duration + left_out)

    def _within(self, reader: Reader) -> Iterator[Frame]:
        unit = reader.clip.time_base
        first = round(self.start / unit)
        for frame in reader.frames(self.start):
            if self.end is not None and frame.time * unit >= self.end:
                return
            end = frame.time + frame.duration
            if self.end is not None:
                end = min(end, max(frame.time + 1, round(self.end / unit)))
            if end > first:
                begun = max(frame.time, first)
                yield frame._replace(time=begun - first, duration=end - begun)

    def count(self, clip: Clip) -> int | None:
        """Return about how many frames are painted; None: not known."""
        rate, last = float(clip.rate), clip.count
        if self.end is not None:
            end = round(rate * self.end)
            last = end if last is None else min(last, end)
        if last is None:
            return None
        return max(1, -(-(last - round(rate * self.start)) // self.every))


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
    styles: Sequence[Source], **options: "Unpack[VideoOptions]"
) -> tuple[Settings, VideoSettings]:
    """Return how frames are painted (`fast` if nothing else is asked for), and the rest.

    An option that does not exist or does not fit, or no style, is a `SettingsError`.
    """
    given: dict[str, Any] = {**options}
    known = [each.name for each in fields(VideoSettings)]
    for name in given:
        check_known(name, [*FIELDS, *known])
    plain = {name: value for name, value in given.items() if name in FIELDS}
    word = plain.pop("quality", None) or "good"
    Settings.from_dict({"quality": word})  # refuses what is no such word
    meant = "optimize" if word == "best" else "fast"
    if plain.setdefault("method", meant) != meant and given.get("quality"):
        raise SettingsError(f"quality {word} means method {meant}: leave one of the two out")
    settings = Settings(**plain)
    asked = {name: given[name] for name in known if name in given}
    asked |= {"size": settings.size or None} if "size" in given else {}
    if not styles and not settings.method_row.one_style:
        raise SettingsError("give a style picture: impasto video CLIP STYLE")
    for name in ("start", "end"):
        if isinstance(asked.get(name), str):
            asked[name] = seconds(asked[name])
    if asked.get("keyframes") is not None:
        asked["keyframes"] = read_keyframes(Path(asked["keyframes"]), len(styles))
    return settings, VideoSettings(**asked)
