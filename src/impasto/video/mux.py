"""Parts into one file, with what is copied from the clip: sound, subtitles, chapters, titles."""

from __future__ import annotations

import heapq
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import ImageError, SettingsError
from impasto.files import replacing
from impasto.video.clip import Span
from impasto.video.encoding import CODECS, Encoding, ticks
from impasto.video.files import opened, pyav, video_stream

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream


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
    av = pyav()
    try:
        with av.open(io.BytesIO(), "w", format=_format(path)) as trial:
            return stream.codec_context.name in trial.supported_codecs
    except (av.FFmpegError, ValueError):
        return False


def _format(path: Path) -> str:
    names = {".mkv": "matroska", ".m4v": "mp4"}
    return names.get(path.suffix.lower(), path.suffix.lower().removeprefix("."))


#: Seconds before the first frame that sound may begin: encoders begin with a few silent samples.
_PRIMING = 0.1


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
    options = {"movflags": "+faststart", "video_track_timescale": str(ticks(unit))}
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
    if encoding.codec == "hevc" and out.format.name in ("mp4", "mov"):
        stream.codec_context.codec_tag = "hvc1"  # as QuickTime wants it
    return stream


#: Seconds, number of the stream, and a packet.
Timed = tuple[float, int, Any]


def _joined(
    parts: Sequence[Path], offsets: Sequence[int], stream: VideoStream, unit: Fraction
) -> Iterator[Timed]:
    """Yield the packets of all parts with their seconds, in the order they are decoded in."""
    shown = [time for time, _ in _packets(parts, offsets, unit)]
    for (time, packet), decoded in zip(
        _packets(parts, offsets, unit), decoding_times(shown), strict=True
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


def decoding_times(shown: Sequence[int]) -> list[int]:
    """Return when packets are decoded: ever later, and none later than it is shown.

    Each part has times of its own, which need not fit together where frames differ in length.

    Args:
        shown: When each is shown, in the order they are decoded in.
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
            if second < (span.start or -_PRIMING):
                continue
            if span.end is not None and second >= span.end:
                break
            shift = round((span.start + origin) / packet.time_base)
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
