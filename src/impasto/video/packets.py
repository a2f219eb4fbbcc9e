"""Packets of a clip's sound and subtitles, in the times of the part that is painted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from impasto.video.damage import Damage, read_packets
from impasto.video.files import opened, pyav
from impasto.video.options import VideoSettings
from impasto.video.streams import Route

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.filter import Graph
    from av.stream import Stream

#: Seconds, number of the stream, and a packet.
Timed: TypeAlias = tuple[float, int, Any]
#: Seconds before the first frame that sound may begin: encoders begin with a few silent samples.
_PRIMING = 0.1


def packets_of(
    path: Path, route: Route, out: Stream, number: int, video: VideoSettings, origin: float
) -> Iterator[Timed]:
    """Yield the packets of a stream that belong to the part of the clip.

    Args:
        path: The clip.
        route: Of the stream.
        out: The stream of the result.
        number: What tells packets of one stream from those of others.
        video: The part.
        origin: Seconds of the clip's first frame.
    """
    with opened(path) as container:
        stream = container.streams[route.number]
        if video.start > 1 and stream.type == "audio":
            container.seek(round((origin + video.start) * 1e6))
        packets = (
            packet
            for packet in read_packets(container, Damage(path))
            if packet.stream_index == route.number and packet.pts is not None
        )
        if route.encoder and stream.type == "audio":
            made = _encoded(packets, out, video, origin)
        elif stream.type == "subtitle":
            made = _shown(packets, stream, route, out, video, origin)
        else:
            made = _shifted(packets, out, video, origin)
        for packet in made:
            yield float(packet.dts * packet.time_base), number, packet


def _shifted(
    packets: Iterator[Any], out: Stream, video: VideoSettings, origin: float
) -> Iterator[Any]:
    """Yield packets of sound as they are, in the times of the part."""
    for packet in packets:
        if packet.dts is None:
            continue
        second = float(packet.pts * packet.time_base) - origin
        if second < (video.start or -_PRIMING):
            continue
        if video.end is not None and second >= video.end:
            break
        shift = round((video.start + origin) / packet.time_base)
        packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, out
        yield packet


def _shown(
    packets: Iterator[Any],
    stream: Any,  # noqa: ANN401
    route: Route,
    out: Any,  # noqa: ANN401
    video: VideoSettings,
    origin: float,
) -> Iterator[Any]:
    """Yield subtitles, converted if need be, as long as the part shows them."""
    for packet in packets:
        unit = packet.time_base
        begun = round((video.start + origin) / unit)
        first, last = packet.pts, packet.pts + (packet.duration or 0)
        if video.end is not None:
            last = min(last, round((video.end + origin) / unit))
        first = max(first, begun)
        if last < first or (last == first and packet.duration):
            continue
        if route.encoder:
            made = _as_text(packet, stream, out)
            if made is None:
                continue
            made.time_base = unit
        else:
            made = packet
        made.pts = made.dts = first - begun
        made.duration, made.stream = last - first, out
        yield made


def _as_text(packet: Any, stream: Any, out: Any) -> Any:  # noqa: ANN401
    """Return a packet of subtitles in another form; None: there is nothing in it."""
    try:
        shown = stream.codec_context.decode2(packet)
        made = None if shown is None else out.codec_context.encode_subtitle(shown)
    except pyav().FFmpegError:  # damaged
        return None
    return made if made is not None and made.size else None


def _encoded(
    packets: Iterator[Any],
    out: Any,  # noqa: ANN401
    video: VideoSettings,
    origin: float,
) -> Iterator[Any]:
    """Yield sound that is encoded anew; what is damaged is silent."""
    av, graph = pyav(), None
    for packet in packets:
        try:
            frames: Sequence[AudioFrame] = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            if frame.pts is None or frame.time_base is None:
                continue
            second = float(frame.pts * frame.time_base) - origin
            if video.end is not None and second >= video.end:
                break
            if second + frame.samples / frame.sample_rate <= video.start:
                continue
            frame.pts -= round((video.start + origin) / frame.time_base)
            graph = graph or _graph(frame, out.codec_context, video)
            graph.push(frame)
            yield from _pulled(graph, out)
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph, out)
        yield from out.encode(None)


def _graph(frame: AudioFrame, context: Any, video: VideoSettings) -> Graph:  # noqa: ANN401
    """Return what brings sound into a form for an encoder, with silence where there is none."""
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
    steps = [
        graph.add("aresample", f"{context.sample_rate}:async=1:first_pts=0"),
        graph.add("atrim", length),
        graph.add("aformat", form),
        graph.add("abuffersink"),
    ]
    for before, after in zip([source, *steps], steps, strict=False):
        before.link_to(after)
    graph.configure()
    return graph


def _pulled(graph: Graph, out: Any) -> Iterator[Any]:  # noqa: ANN401
    av = pyav()
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        yield from out.encode(frame)
