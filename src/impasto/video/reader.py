"""Reading clips by FFmpeg: damaged parts are left out, as players do, and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from impasto.errors import ImageError
from impasto.video.clip import Clip, Frame, Pixels8, opened, pyav, upright, video_stream, with_alpha
from impasto.video.colors import BT601, BT709, NAMES, UNSPECIFIED, Tags, exact, to_sdr

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

_TRIES = 8  # errors in a row after which the rest of a file is given up
_WHOLE = 0.9  # the part of its length that a file must have to count as whole
#: Kinds of files, as FFmpeg names them, whose length is written in them and not estimated.
_SAY_LENGTH = ("mp4", "matroska", "avi")
_NAMES = {"video": "the pictures of {} end", "audio": "the sound of {} ends"}
#: Codecs some of whose packets show nothing, or more than one frame.
_UNEVEN = ("vp8", "mpeg4", "msmpeg4v3", "mpeg2video", "mpeg1video")
_HIGH = 720  # height from which colors are BT.709 by default
_FASTEST = 240  # frames a second that are believed
#: Decoders of streams with transparency, where the usual ones leave it out.
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


@dataclass
class Damage:
    """What was left out of a clip when it was last read; if it is `strict`, an `ImageError`."""

    path: Path
    unit: str = "packet"  # what is counted: `packet`, `frame` or `picture`
    strict: bool = False
    count: int = 0  # how many units could not be decoded
    lines: list[str] = field(default_factory=list)  # what else is wrong, in words

    def restart(self) -> None:
        """Forget what was found: the clip is read from its beginning."""
        self.count, self.lines = 0, []

    def add(self, count: int = 1, reason: str = "") -> None:
        """Count what could not be decoded."""
        self.count += count
        self._refuse(reason or f"{self.path} is damaged")

    def note(self, line: str) -> None:
        """Note what is wrong."""
        if line not in self.lines:
            self.lines.append(line)
        self._refuse(line)

    def _refuse(self, reason: str) -> None:
        if self.strict:
            raise ImageError(f"{reason} (without --strict, what can be read is painted)")

    def messages(self) -> list[str]:
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
        # FFmpeg leaves out frames that depend on a damaged packet without an error.
        damage.count = max(damage.count, missing)
    if any(name in container.format.name for name in _SAY_LENGTH):
        _check_length(container, stream, reached, damage)


def _check_length(
    container: InputContainer, stream: VideoStream, reached: dict[int, float], damage: Damage
) -> None:
    """Note which streams end before the time that the file says."""

    def compare(ends: str, found: float, said: float) -> None:
        if found < _WHOLE * said:
            times = f"after {max(0, found):.1f} of {said:.1f} seconds"
            damage.note(f"{ends.format(damage.path)} {times}: it is cut off or damaged")

    for each in [stream, *container.streams.audio]:
        if each.duration and each.time_base is not None:
            first = float((each.start_time or 0) * each.time_base)
            lasts = float(each.duration * each.time_base)
            compare(_NAMES[each.type], reached[each.index] - first, lasts)
    if not damage.lines and container.duration:
        begun = (container.start_time or 0) / 1e6
        found = max(reached.values(), default=begun) - begun
        compare("{} ends", found, container.duration / 1e6)


class FileReader:
    """Reads a file by FFmpeg; raises an `ImageError` if there are no frames to be read."""

    def __init__(self, path: Path, *, strict: bool = False) -> None:
        self.damage = Damage(path, strict=strict)
        with opened(path) as container:
            stream = video_stream(container, path)
            first = next(read_frames(container, stream, _decoder(stream), Damage(path)), None)
            if first is None:
                raise ImageError(f"there are no frames in {path} that can be read")
            self.clip = _clip_of(path, container, stream, first)
            self._stored = first.width, first.height

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yield the frames that are shown after a time in seconds, and some before it."""
        clip, av = self.clip, pyav()
        self.damage.restart()
        with opened(clip.path) as container:
            stream = video_stream(container, clip.path)
            decoder = _decoder(stream)
            origin = stream.start_time or 0
            if start > 1:
                with suppress(av.FFmpegError):  # a damaged index: it is read from its beginning
                    container.seek(origin + round(start / clip.time_base), stream=stream)
            usual = max(1, round(1 / (clip.rate * clip.time_base)))
            held: Frame | None = None
            for frame in read_frames(container, stream, decoder, self.damage):
                following = 0 if held is None else held.time + usual
                time = following if frame.pts is None else frame.pts - origin
                if held is not None:
                    if time <= held.time:
                        time = following  # some files have no times, or wrong ones
                    yield held._replace(duration=time - held.time)
                held = Frame(self._pixels(frame), time, frame.duration or usual)
            if held is not None:
                yield held

    def _pixels(self, frame: VideoFrame) -> Pixels8:
        transfer, matrix = self.clip.tags.transfer, self.clip.tags.matrix
        wide = transfer in NAMES
        kind = "rgb48le" if wide else "rgba" if self.clip.transparent else "rgb24"
        values: Any = frame.to_ndarray(
            format=kind,
            width=self._stored[0],  # which may change in the middle of a stream
            height=self._stored[1],
            src_colorspace=matrix,
            dst_colorspace=matrix,
            interpolation=exact(),
        )
        pixels: Pixels8 = to_sdr(values, transfer) if wide else values
        return upright(with_alpha(pixels) if kind == "rgba" else pixels, self.clip.rotation)


def _decoder(stream: VideoStream) -> VideoCodecContext:
    name = _WITH_ALPHA.get(stream.codec_context.name)
    if name is not None and _says_alpha(stream):
        return cast("VideoCodecContext", pyav().CodecContext.create(name, "r"))
    # Frames that are decoded at the same time would be lost together with a damaged one.
    stream.thread_type = "SLICE"
    return stream.codec_context


def _says_alpha(stream: VideoStream) -> bool:
    return stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) == "1"


def _count(container: InputContainer, stream: VideoStream, unit: Fraction, rate: Fraction) -> int:
    """Return how many frames a player shows, about; 0: not known. A trimmed file has more."""
    lasts = stream.duration * unit if stream.duration else Fraction(container.duration or 0, 10**6)
    # Some files give the resolution of their times as the rate.
    shown = round(lasts * rate) if rate <= _FASTEST else 0
    return min(stream.frames, shown) if stream.frames and shown else stream.frames or shown


def _clip_of(path: Path, container: InputContainer, stream: VideoStream, first: VideoFrame) -> Clip:
    unit = stream.time_base or Fraction(1, 1000)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    rotation = round(first.rotation / 90) * 90 % 360
    width, height = first.width, first.height
    said = Tags(first.colorspace, first.color_primaries, first.color_trc, first.color_range)
    usual = BT709 if min(width, height) >= _HIGH else BT601
    tags = said._replace(matrix=usual if said.matrix == UNSPECIFIED else said.matrix)
    bits = max((part.bits for part in first.format.components), default=8)
    notes: tuple[str, ...] = (f"{bits} bits a color became 8",) if bits > 8 else ()
    if tags.transfer in NAMES:
        notes = (f"{NAMES[tags.transfer]} was brought to standard dynamic range",)
    transparent = _says_alpha(stream) or any(part.is_alpha for part in first.format.components)
    return Clip(
        path=path,
        size=(height, width) if rotation in (90, 270) else (width, height),
        time_base=unit,
        rate=rate,
        count=_count(container, stream, unit, rate) or None,
        rotation=rotation,
        aspect=stream.sample_aspect_ratio or Fraction(1),
        tags=tags,
        notes=notes,
        transparent=transparent and tags.transfer not in NAMES,
    )
