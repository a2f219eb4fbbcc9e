"""Clips in files that FFmpeg reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from impasto.errors import ImageError
from impasto.video.clip import Clip, Frame, Pixels8, Tags, with_alpha
from impasto.video.damage import Damage, read_frames
from impasto.video.files import (
    BT601,
    BT709,
    SAID_NOTHING,
    exact,
    opened,
    pyav,
    upright,
    video_stream,
)
from impasto.video.tone_mapping import NAMES, to_sdr

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

_HIGH = 720
#: Frames a second that are believed.
_FASTEST = 240
#: Decoders of streams with transparency, where the usual ones leave it out.
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


class FileReader:
    """Reads a file by FFmpeg.

    Args:
        path: The file.
        strict: Whether damage is an error.

    Attributes:
        clip: What is known of it.
        damage: What was left out when it was last read.

    Raises:
        ImageError: It is missing, damaged throughout or has no video.
        MissingExtraError: PyAV is not installed.
    """

    def __init__(self, path: Path, *, strict: bool = False) -> None:
        self.damage = Damage(path, strict=strict)
        with opened(path) as container:
            stream = video_stream(container, path)
            decoder = _decoder(stream)
            first = next(read_frames(container, stream, decoder, Damage(path)), None)
            if first is None:
                raise ImageError(f"there are no frames in {path} that can be read")
            self.clip = _described(path, container, stream, first)
            self._stored = first.width, first.height

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yield the frames that are shown after a time in seconds, and some before it.

        Raises:
            ImageError: There is damage, and it is an error.
        """
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
    """Return what decodes a stream."""
    name = _WITH_ALPHA.get(stream.codec_context.name)
    if name is not None and _says_alpha(stream):
        return cast("VideoCodecContext", pyav().CodecContext.create(name, "r"))
    # Frames that are decoded at the same time would be lost together with a damaged one.
    stream.thread_type = "SLICE"
    return stream.codec_context


def _says_alpha(stream: VideoStream) -> bool:
    return stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) == "1"


def _count(container: InputContainer, stream: VideoStream, unit: Fraction, rate: Fraction) -> int:
    """Return how many frames a player shows, about; 0: not known.

    A file may have more: a trimmed one keeps those before its beginning, which are not shown.
    """
    lasts = stream.duration * unit if stream.duration else Fraction(container.duration or 0, 10**6)
    shown = round(lasts * rate)
    if rate > _FASTEST:  # some give a rate that is but their times' fineness
        shown = 0
    return min(stream.frames, shown) if stream.frames and shown else stream.frames or shown


def _described(
    path: Path, container: InputContainer, stream: VideoStream, first: VideoFrame
) -> Clip:
    unit = stream.time_base or Fraction(1, 1000)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    rotation = round(first.rotation / 90) * 90 % 360
    width, height = first.width, first.height
    said = Tags(first.colorspace, first.color_primaries, first.color_trc, first.color_range)
    usual = BT709 if min(width, height) >= _HIGH else BT601
    tags = said._replace(matrix=usual if said.matrix == SAID_NOTHING else said.matrix)
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
