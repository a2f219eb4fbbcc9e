"""Damaged files: what cannot be read is left out, as players do, and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import ImageError
from impasto.video.files import pyav

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

#: Errors in a row after which the rest of a file is given up.
_TRIES = 8
#: The part of its length that a file must have to count as whole.
_WHOLE = 0.9
#: Kinds of files, as FFmpeg names them, whose length is written in them and not estimated.
_SAY_LENGTH = ("mp4", "matroska", "avi")
_NAMES = {"video": "the pictures of {} end", "audio": "the sound of {} ends"}
#: Codecs some of whose packets show nothing, or more than one frame.
_UNEVEN = ("vp8", "mpeg4", "msmpeg4v3", "mpeg2video", "mpeg1video")


class Damage:
    """What was left out of a clip when it was last read.

    Args:
        path: The clip.
        unit: What is counted: `packet`, `frame` or `picture`.
        strict: Whether damage is an error.

    Attributes:
        count: How many units could not be decoded.
        lines: What else is wrong, in words.
    """

    def __init__(self, path: Path, unit: str = "packet", *, strict: bool = False) -> None:
        self.path, self.unit, self.strict = path, unit, strict
        self.count = 0
        self.lines: list[str] = []

    def restart(self) -> None:
        """Forget what was found: the clip is read from its beginning."""
        self.count, self.lines = 0, []

    def add(self, count: int = 1, reason: str = "") -> None:
        """Count what could not be decoded.

        Raises:
            ImageError: Damage is an error.
        """
        self.count += count
        self._refuse(reason or f"{self.path} is damaged")

    def note(self, line: str) -> None:
        """Note what is wrong.

        Raises:
            ImageError: Damage is an error.
        """
        if line not in self.lines:
            self.lines.append(line)
        self._refuse(line)

    def _refuse(self, reason: str) -> None:
        if self.strict:
            raise ImageError(f"{reason} (without --strict, what can be read is painted)")

    def told(self) -> list[str]:
        """Return a line for each kind of damage."""
        if not self.count:
            return self.lines
        what = f"{self.unit} was" if self.count == 1 else f"{self.unit}s were"
        return [f"{self.count} damaged {what} left out of {self.path}", *self.lines]


def read_packets(container: InputContainer, damage: Damage) -> Iterator[Any]:
    """Yield the packets of all streams; what cannot be read is left out and counted."""
    av, tries = pyav(), 0
    while tries < _TRIES:
        try:
            for packet in container.demux():
                if packet.size:
                    tries = 0
                    yield packet
        except av.FFmpegError:
            if not tries:
                damage.add()
            tries += 1
        else:
            return


def read_frames(
    container: InputContainer, stream: VideoStream, decoder: VideoCodecContext, damage: Damage
) -> Iterator[VideoFrame]:
    """Yield the frames of a stream; what cannot be decoded is left out and counted."""
    av = pyav()
    reached: dict[int, float] = defaultdict(float)
    missing = 0
    for packet in read_packets(container, damage):
        if packet.pts is not None and packet.time_base is not None:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
            reached[packet.stream_index] = max(reached[packet.stream_index], end)
        if packet.stream_index != stream.index:
            continue
        try:
            frames: Any = decoder.decode(packet)
        except av.FFmpegError:
            damage.add()
            frames = []
        missing += (not packet.is_discard) - len(frames)
        yield from frames
    with suppress(av.FFmpegError):
        frames = decoder.decode(None)
        missing -= len(frames)
        yield from frames
    if damage.count and stream.codec_context.name not in _UNEVEN:
        # What depends on a damaged packet is left out without a word.
        damage.count = max(damage.count, missing)
    _check_length(container, stream, reached, damage)


def _check_length(
    container: InputContainer, stream: VideoStream, reached: dict[int, float], damage: Damage
) -> None:
    """Note which streams end before the time that the file says."""
    if not any(name in container.format.name for name in _SAY_LENGTH):
        return
    begun = (container.start_time or 0) / 1e6
    for each in [stream, *container.streams.audio]:
        if not each.duration or each.time_base is None:
            continue
        first = float((each.start_time or 0) * each.time_base)
        lasts = float(each.duration * each.time_base)
        _compare(_NAMES[each.type], reached[each.index] - first, lasts, damage)
    if not damage.lines and container.duration:
        found = max(reached.values(), default=begun) - begun
        _compare("{} ends", found, container.duration / 1e6, damage)


def _compare(ends: str, found: float, said: float, damage: Damage) -> None:
    if found < _WHOLE * said:
        times = f"after {max(0, found):.1f} of {said:.1f} seconds"
        damage.note(f"{ends.format(damage.path)} {times}: it is cut off or damaged")
