"""Painted frames into a video file: in parts that stand for themselves, and the parts into one."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.errors import ImageError, SettingsError
from impasto.video.clip import Clip, Pixels8, Span, Tags
from impasto.video.files import BT601, BT709, exact, opened, pyav, stored, video_stream
from impasto.video.tones import NAMES
from impasto.weights.atomic import replacing

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream


@dataclass(frozen=True)
class Codec:
    """An encoder of FFmpeg.

    Attributes:
        encoder: Its name there.
        crf: Its usual quality; lower is better.
        options: What else it is told.
        says_aspect: Whether its frames say how wide a pixel is.
    """

    encoder: str
    crf: int
    options: Mapping[str, str]
    says_aspect: bool = True


CODECS: Mapping[str, Codec] = {
    "h264": Codec("libx264", 18, {"preset": "fast"}),
    "hevc": Codec("libx265", 22, {"preset": "fast", "x265-params": "log-level=error:bframes=0"}),
    "vp9": Codec(
        "libvpx-vp9", 30, {"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}, False
    ),
    "av1": Codec("libsvtav1", 30, {"preset": "8"}, False),
}
#: What a file of a kind is encoded by if nothing is said.
USUAL: Mapping[str, str] = {
    ".mp4": "h264",
    ".m4v": "h264",
    ".mov": "h264",
    ".mkv": "h264",
    ".webm": "vp9",
}
#: A player can begin at every so many-th frame at least.
_KEY = 96
_SAID_NOTHING = 2


@dataclass(frozen=True)
class Encoding:
    """How a clip is encoded.

    Attributes:
        clip: What is painted.
        size: Width and height of the frames, upright, both even.
        codec: Of `CODECS`.
        crf: Quality; None: the codec's usual.
    """

    clip: Clip
    size: tuple[int, int]
    codec: str
    crf: int | None = None

    def stream(self, container: OutputContainer) -> VideoStream:
        """Add the stream to a container, not yet opened."""
        chosen, clip, tags = CODECS[self.codec], self.clip, output_tags(self.clip)
        quality = {"crf": str(chosen.crf if self.crf is None else self.crf)}
        options = {**chosen.options, **quality}
        stream: Any = container.add_stream(chosen.encoder, rate=clip.rate, options=options)
        turned = clip.rotation in (90, 270)
        stream.width, stream.height = self.size[::-1] if turned else self.size
        stream.pix_fmt = "yuv420p"
        stream.time_base = clip.time_base
        context = stream.codec_context
        context.time_base, context.gop_size = clip.time_base, _KEY
        context.sample_aspect_ratio = clip.aspect
        context.colorspace, context.color_range = tags.matrix, tags.range
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        shown: VideoStream = stream
        return shown


class PartWriter:
    """Encodes one part.

    Args:
        path: An .mp4.
        encoding: How.
    """

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self.clip, self.tags = encoding.clip, output_tags(encoding.clip)
        options = {"video_track_timescale": str(_scale(self.clip.time_base))}
        self._container: OutputContainer = pyav().open(
            str(path), "w", format="mp4", options=options
        )
        self.stream = encoding.stream(self._container)

    def add(self, pixels: Pixels8, time: int, duration: int) -> None:
        """Encode a frame.

        Args:
            pixels: (H, W, 3), upright.
            time: From the beginning of the part, in the clip's units.
            duration: Likewise.
        """
        plain = stored(pixels, self.clip.rotation)
        frame = pyav().VideoFrame.from_ndarray(np.ascontiguousarray(plain), format="rgb24")
        matrix = self.tags.matrix
        frame = frame.reformat(
            format="yuv420p",
            src_colorspace=matrix,
            dst_colorspace=matrix,
            dst_color_range=self.tags.range,
            interpolation=exact(),
        )
        frame.pts, frame.time_base, frame.duration = time, self.clip.time_base, duration
        self._container.mux(self.stream.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        self._container.mux(self.stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Leave the file as it is."""
        self._container.close()


def output_tags(clip: Clip) -> Tags:
    """Return how the colors of a result are tagged: as its clip's, and never as nothing."""
    tags = clip.tags
    if tags.transfer in NAMES:
        return Tags(BT709, BT709, BT709, 1)
    # Matrices of RGB itself and of wide gamuts have no place in what we write.
    matrix = tags.matrix if tags.matrix in (BT709, 5, BT601) else BT709
    said = (BT709, BT709) if tags.primaries == _SAID_NOTHING and matrix == BT709 else tags[1:3]
    return Tags(matrix, *said, tags.range or 1)


def _scale(unit: Fraction) -> int:
    """Return ticks a second for a muxer; all times of the clip are whole ticks."""
    return unit.denominator


def check_container(path: Path, source: Path | None) -> None:
    """Refuse, before the work, a container that does not take what is copied from a source.

    Args:
        path: The result.
        source: A video file; None: there is nothing to copy.

    Raises:
        SettingsError: It does not take a stream of sound.
    """
    if source is None:
        return
    with opened(source) as container:
        for stream in container.streams.audio:
            if not _takes(path, stream):
                raise SettingsError(
                    f"{path.suffix} cannot hold the sound of {source.name} "
                    f"({stream.codec_context.name}): write .mkv, or --no-sound"
                )


def _takes(path: Path, stream: Stream) -> bool:
    """Tell whether a container takes a stream as it is."""
    import io

    av = pyav()
    try:
        with av.open(io.BytesIO(), "w", format=_format(path)) as trial:
            return stream.codec_context.name in trial.supported_codecs
    except (av.FFmpegError, ValueError):
        return False


def _format(path: Path) -> str:
    names = {".mkv": "matroska", ".m4v": "mp4"}
    return names.get(path.suffix.lower(), path.suffix.lower().removeprefix("."))


@dataclass(frozen=True)
class Extras:
    """What a result has beside its frames.

    Attributes:
        source: The file that sound, subtitles, chapters and titles are copied from; None: none.
        span: The part of it.
        sound: Whether sound is copied.
        metadata: More of it.
    """

    source: Path | None
    span: Span
    sound: bool
    metadata: Mapping[str, str]


def join(
    parts: Sequence[Path], offsets: Sequence[int], path: Path, encoding: Encoding, extras: Extras
) -> None:
    """Make one file of all parts, and copy what else there is.

    Args:
        parts: What `PartWriter` wrote.
        offsets: The time of each one's beginning, in the clip's units.
        path: The result; replaced if it is there.
        encoding: How the parts were encoded.
        extras: What else it has.

    Raises:
        ImageError: It cannot be written.
    """
    av, unit = pyav(), encoding.clip.time_base
    options = {"movflags": "+faststart", "video_track_timescale": str(_scale(unit))}
    kind = _format(path)
    try:
        with replacing(path) as partial, ExitStack() as stack:
            given = options if kind in ("mp4", "mov") else {}
            out = stack.enter_context(av.open(str(partial), "w", format=kind, options=given))
            video = _like_parts(parts[0], encoding, out)
            if encoding.clip.rotation:
                video.set_display_rotation(encoding.clip.rotation)
            packets = [_joined(parts, offsets, video, unit)]
            if extras.source is not None:
                source = stack.enter_context(opened(extras.source))
                packets += _copied(source, out, path, extras)
                _describe(source, out, extras)
            out.metadata.update(extras.metadata)
            for _, _, packet in heapq.merge(*packets, key=lambda item: item[:2]):
                out.mux(packet)
    except (av.FFmpegError, OSError) as error:
        raise ImageError(f"{path} cannot be written: {error.strerror or error}") from error


def _like_parts(part: Path, encoding: Encoding, out: OutputContainer) -> VideoStream:
    """Add a stream for packets of parts as they are."""
    if not CODECS[encoding.codec].says_aspect:
        # These have the same packets in every container; and no encoder has their decoder's name.
        return encoding.stream(out)
    with opened(part) as container:
        stream = out.add_stream_from_template(container.streams.video[0])
    stream.time_base = encoding.clip.time_base
    return stream


#: Seconds, number of the stream, and a packet.
Timed = tuple[float, int, Any]


def _joined(
    parts: Sequence[Path], offsets: Sequence[int], stream: VideoStream, unit: Fraction
) -> Iterator[Timed]:
    """Yield the packets of all parts with their seconds, in the order they are decoded in."""
    shown = [time for time, _ in _packets(parts, offsets, unit)]
    for (time, packet), decoded in zip(
        _packets(parts, offsets, unit), decoding_times(shown, unit), strict=True
    ):
        packet.duration = round((packet.duration or 0) * packet.time_base / unit)
        packet.pts, packet.dts, packet.time_base, packet.stream = time, decoded, unit, stream
        yield float(decoded * unit), 0, packet


def _packets(
    parts: Sequence[Path], offsets: Sequence[int], unit: Fraction
) -> Iterator[tuple[int, Any]]:
    """Yield when each packet is shown, and the packet, in the order they are decoded in."""
    for path, offset in zip(parts, offsets, strict=True):
        with opened(path) as part:
            for packet in part.demux(part.streams.video[0]):
                if packet.pts is not None and packet.time_base is not None:
                    yield round(packet.pts * packet.time_base / unit) + offset, packet


def decoding_times(shown: Sequence[int], unit: Fraction) -> list[int]:
    """Return when packets are decoded: ever later, and none later than it is shown.

    Each part has times of its own, which need not fit together where frames differ in length.

    Args:
        shown: When each is shown, in the order they are decoded in.
        unit: Seconds of a unit of time.
    """
    order = sorted(shown)
    place = {time: number for number, time in enumerate(order)}
    delay = max((number - place[time] for number, time in enumerate(shown)), default=0)
    step = max(1, order[1] - order[0]) if len(order) > 1 else 1
    early = [order[0] - step * left for left in range(delay, 0, -1)]
    return [*early, *order[: len(order) - delay]]


def _copied(
    source: InputContainer, out: OutputContainer, path: Path, extras: Extras
) -> list[Iterator[Timed]]:
    """Return the packets of each other stream that the container takes."""
    sound: Sequence[Stream] = source.streams.audio if extras.sound else ()
    wanted: list[Stream] = [*source.streams.subtitles, *sound]
    found = []
    shown = video_stream(source, path)
    origin = float((shown.start_time or 0) * (shown.time_base or 0))
    for number, stream in enumerate(wanted, 1):
        if _takes(path, stream):
            copy = out.add_stream_from_template(stream)
            copy.metadata.update(stream.metadata)
            found.append(
                _shifted(Path(source.name), stream.index, copy, number, extras.span, origin)
            )
    return found


def _shifted(
    path: Path, index: int, copy: Stream, number: int, span: Span, origin: float
) -> Iterator[Timed]:
    """Yield the packets of a stream that belong to a span."""
    with opened(path) as container:
        stream = container.streams[index]
        if span.start > 1:
            container.seek(round((origin + span.start) * 1e6))
        for packet in container.demux(stream):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            second = float(packet.pts * packet.time_base) - origin
            if second < span.start and span.start > 0:
                continue
            if span.end is not None and second >= span.end:
                break
            shift = round(span.start / packet.time_base)
            decoded = packet.dts - shift
            packet.pts, packet.dts, packet.stream = packet.pts - shift, decoded, copy
            yield float(decoded * packet.time_base), number, packet


def _describe(source: InputContainer, out: OutputContainer, extras: Extras) -> None:
    """Copy titles and chapters."""
    ours = ("encoder", "major_brand", "minor_version", "compatible_brands")
    out.metadata.update({k: v for k, v in source.metadata.items() if k.lower() not in ours})
    chapters = source.chapters()
    if chapters and not extras.span.start and extras.span.end is None:
        out.set_chapters(chapters)
