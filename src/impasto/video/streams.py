"""A clip's sound and subtitles in a result: which, in which form, in the times of the part."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from impasto.video.clip import COVER, opened, pyav
from impasto.video.options import VideoSettings
from impasto.video.reader import Damage, read_packets

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer, OutputContainer
    from av.filter import Graph
    from av.stream import Stream

#: Encoders of sound and of subtitles that a container does not take as they are.
_ENCODERS: Mapping[str, tuple[str, str]] = {
    "webm": ("libopus", "webvtt"),
    "mp4": ("aac", "mov_text"),
    "mov": ("aac", "mov_text"),
    "matroska": ("libopus", "srt"),
}
#: Subtitles that are text, and not pictures.
_TEXT = ("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "microdvd", "subviewer")
#: Seconds before the first frame that sound may begin: encoders begin with a few silent samples.
_PRIMING = 0.1
#: Rates that AAC has, the one that Opus has, and bits a second of a channel.
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_RATE, _BITS = 48000, 80_000
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def container_format(path: Path) -> str:
    """Return FFmpeg's name of the kind of a video file, by its suffix."""
    names = {".mkv": "matroska", ".m4v": "mp4"}
    return names.get(path.suffix.lower(), path.suffix.lower().removeprefix("."))


def plan_streams(
    source: Path, path: Path, video: VideoSettings
) -> tuple[Mapping[int, str], Sequence[str]]:
    """Return which streams besides the video go into a result, and notes on the others.

    Each has its encoder by its number in the clip; "": it is copied. No video file: pictures only.
    """
    kind = container_format(path)
    known = _codecs_of(kind)
    encoders: dict[int, str] = {}
    lost: list[str] = []
    notes: list[str] = []
    with opened(source) as container:
        sound = container.streams.audio if video.sound else ()
        for stream in (*container.streams.subtitles, *sound):
            name, context = codec_name(stream), stream.codec_context
            as_it_is = context is not None and bool(known & {context.name, name})
            encoder = "" if as_it_is else _encoder(stream, name, kind)
            if encoder is None:
                what = "sound" if stream.type == "audio" else "subtitles"
                language = stream.metadata.get("language", "und")
                lost.append(f"{what} ({name}{'' if language == 'und' else f', {language}'})")
                continue
            encoders[stream.index] = encoder
            told = f"the sound ({name}) is encoded as {encoder.removeprefix('lib')}"
            if encoder and stream.type == "audio" and told not in notes:
                notes.append(told)
        lost += _others(container, kind)
    if lost:
        notes.append(f"not kept in {path.suffix}: {', '.join(lost)}")
    return encoders, notes


def _codecs_of(kind: str) -> set[str]:
    if kind not in _ENCODERS:
        return set()
    with pyav().open(io.BytesIO(), "w", format=kind) as trial:
        return cast("set[str]", trial.supported_codecs)


def codec_name(stream: Stream) -> str:
    """Return the name of a stream's codec; "unknown": FFmpeg has no decoder."""
    context = stream.codec_context
    return "unknown" if context is None else context.codec.canonical_name


def _encoder(stream: Stream, name: str, kind: str) -> str | None:
    """Return the encoder of a stream that cannot be copied; None: there is none."""
    sound, text = _ENCODERS.get(kind, (None, None))
    if stream.type == "audio" and name != "unknown":
        return sound
    return text if name in _TEXT else None


def _others(container: InputContainer, kind: str) -> Iterator[str]:
    covers = [s for s in container.streams.video if s.disposition & COVER]
    counts = {
        "cover art": 0 if kind == "matroska" else len(covers),
        "another video": len(container.streams.video) - len(covers) - 1,
        "an attachment": 0 if kind == "matroska" else len(container.streams.attachments),
        "a data stream": len(container.streams.data),
        "chapters": 0 if kind in _ENCODERS else len(container.chapters()),
    }
    for name, count in counts.items():
        if count > 0:
            plain = name in ("cover art", "chapters") or count == 1
            yield name if plain else f"{count} {name.split(' ', 1)[1]}s"


def add_stream(stream: Any, encoder: str, out: OutputContainer) -> Any:  # noqa: ANN401
    """Add a stream of a clip to a result that is not yet begun."""
    if not encoder:
        added: Any = out.add_stream_from_template(stream)
    elif stream.type == "audio":
        context = stream.codec_context
        layout = _LAYOUTS.get(context.layout.nb_channels, "stereo")
        rate = context.sample_rate if encoder == "aac" else _RATE
        added = out.add_stream(encoder, rate=rate if rate in _AAC_RATES else _RATE)
        added.codec_context.layout = layout
        added.codec_context.bit_rate = _BITS * added.codec_context.layout.nb_channels
    else:
        added = out.add_stream(encoder)
        stream.codec_context.open(strict=False)
        added.codec_context.subtitle_header = stream.codec_context.subtitle_header or b""
        added.time_base = added.codec_context.time_base = Fraction(1, 1000)
    added.metadata.update(stream.metadata)
    return added


@dataclass(frozen=True)
class CopiedStream:
    """A stream that goes into a result."""

    path: Path  # of the clip
    number: int  # of the stream
    encoder: str
    out: Any  # the stream of the result
    video: VideoSettings  # which part of the clip
    origin: float  # seconds of the clip's first frame

    def packets(self) -> Iterator[Any]:
        """Yield the packets that belong to the part."""
        with opened(self.path) as container:
            stream: Any = container.streams[self.number]
            if self.video.start > 1 and stream.type == "audio":
                container.seek(round((self.origin + self.video.start) * 1e6))
            packets = (
                packet
                for packet in read_packets(container, Damage(self.path))
                if packet.stream_index == self.number and packet.pts is not None
            )
            if stream.type == "subtitle":
                yield from self._shown(packets, stream)
            elif self.encoder:
                yield from self._encoded(packets)
            else:
                yield from self._shifted(packets)

    def _second(self, each: Any) -> float:  # noqa: ANN401
        """Return when a packet or a frame is heard."""
        return float(each.pts * each.time_base) - self.origin

    def _is_over(self, second: float) -> bool:
        return self.video.end is not None and second >= self.video.end

    def _shift(self, unit: Fraction) -> int:
        return round((self.video.start + self.origin) / unit)

    def _shifted(self, packets: Iterator[Any]) -> Iterator[Any]:
        for packet in packets:
            second = self._second(packet)
            if packet.dts is None or second < (self.video.start or -_PRIMING):
                continue
            if self._is_over(second):
                break
            shift = self._shift(packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, self.out
            yield packet

    def _shown(self, packets: Iterator[Any], stream: Any) -> Iterator[Any]:  # noqa: ANN401
        """Yield subtitles, converted if need be, as long as the part shows them."""
        for packet in packets:
            unit = packet.time_base
            begun = self._shift(unit)
            first, last = max(packet.pts, begun), packet.pts + (packet.duration or 0)
            if self.video.end is not None:
                last = min(last, round((self.video.end + self.origin) / unit))
            if last < first or (last == first and packet.duration):
                continue
            made = self._as_text(packet, stream) if self.encoder else packet
            if made is not None:
                made.time_base = unit
                made.pts = made.dts = first - begun
                made.duration, made.stream = last - first, self.out
                yield made

    def _as_text(self, packet: Any, stream: Any) -> Any:  # noqa: ANN401
        """Return a packet of subtitles in another form; None: there is nothing in it."""
        try:
            shown = stream.codec_context.decode2(packet)
            made = None if shown is None else self.out.codec_context.encode_subtitle(shown)
        except pyav().FFmpegError:  # damaged
            return None
        return made if made is not None and made.size else None

    def _sounds(self, packets: Iterator[Any]) -> Iterator[AudioFrame]:
        """Decode what is heard between the start and the end."""
        for packet in packets:
            try:
                frames: Sequence[AudioFrame] = packet.decode()
            except pyav().FFmpegError:
                continue
            for frame in frames:
                if frame.pts is None or frame.time_base is None:
                    continue
                second = self._second(frame)
                if self._is_over(second):
                    return
                if second + frame.samples / frame.sample_rate > self.video.start:
                    yield frame

    def _encoded(self, packets: Iterator[Any]) -> Iterator[Any]:
        graph = None
        for frame in self._sounds(packets):
            assert frame.pts is not None
            assert frame.time_base is not None
            frame.pts -= self._shift(frame.time_base)
            graph = graph or _graph(frame, self.out.codec_context, self.video)
            graph.push(frame)
            yield from _pulled(graph, self.out)
        if graph is not None:
            graph.push(None)
            yield from _pulled(graph, self.out)
            yield from self.out.encode(None)


def _graph(frame: AudioFrame, context: Any, video: VideoSettings) -> Graph:  # noqa: ANN401
    """Return a filter graph that converts sound for an encoder and fills gaps with silence."""
    graph: Graph = pyav().filter.Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format.name,
        layout=frame.layout.name,
        time_base=frame.time_base,
    )
    length = f"end={video.end - video.start}" if video.end is not None else "start=0"
    form = (
        f"sample_rates={context.sample_rate}:sample_fmts={context.format.name}:"
        f"channel_layouts={context.layout.name}"
    )
    graph.link_nodes(
        source,
        graph.add("aresample", f"{context.sample_rate}:async=1:first_pts=0"),
        graph.add("atrim", length),
        graph.add("aformat", form),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _pulled(graph: Graph, out: Any) -> Iterator[Any]:  # noqa: ANN401
    av = pyav()
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        yield from out.encode(frame)
