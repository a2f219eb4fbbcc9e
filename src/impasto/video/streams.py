"""What of a clip's sound, subtitles and other streams goes into a result, and in which form."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from impasto.video.files import COVER, opened, pyav
from impasto.video.options import VideoSettings

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

#: Encoders of sound and of subtitles that a container does not take as they are.
_SOUND: Mapping[str, str] = {"webm": "libopus", "mp4": "aac", "mov": "aac", "matroska": "libopus"}
_SUBTITLES: Mapping[str, str] = {
    "webm": "webvtt",
    "mp4": "mov_text",
    "mov": "mov_text",
    "matroska": "srt",
}
#: Subtitles that are text, and not pictures.
_TEXT = ("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "microdvd", "subviewer")
#: Rates that AAC has, the one that Opus has, and bits a second of a channel.
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_RATE, _BITS = 48000, 80_000
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


class Route(NamedTuple):
    """A stream that goes into a result.

    Attributes:
        number: Its number in the clip.
        encoder: What it is encoded by; "": it is copied.
    """

    number: int
    encoder: str = ""


def container_format(path: Path) -> str:
    """Return FFmpeg's name of the kind of a video file, by its suffix."""
    names = {".mkv": "matroska", ".m4v": "mp4"}
    return names.get(path.suffix.lower(), path.suffix.lower().removeprefix("."))


def plan_streams(
    source: Path, path: Path, video: VideoSettings
) -> tuple[Sequence[Route], Sequence[str]]:
    """Return how streams besides the pictures go into a result, and what to say of the others.

    Args:
        source: The clip.
        path: The result; if it is no video file, it holds pictures only.
        video: Whether sound is wanted.
    """
    kind = container_format(path)
    known = _codecs_of(kind)
    routes: list[Route] = []
    lost: list[str] = []
    notes: list[str] = []
    with opened(source) as container:
        sound = container.streams.audio if video.sound else ()
        for stream in (*container.streams.subtitles, *sound):
            name = _codec(stream)
            encoder = "" if known & _names(stream) else _encoder(stream, name, kind)
            if encoder is None:
                lost.append(_described(stream, name))
                continue
            routes.append(Route(stream.index, encoder))
            told = f"the sound ({name}) is encoded as {encoder.removeprefix('lib')}"
            if encoder and stream.type == "audio" and told not in notes:
                notes.append(told)
        lost += _others(container, kind)
    if lost:
        notes.append(f"not kept in {path.suffix}: {', '.join(lost)}")
    return routes, notes


def _codecs_of(kind: str) -> set[str]:
    av = pyav()
    try:
        with av.open(io.BytesIO(), "w", format=kind if kind in _SOUND else "") as trial:
            return cast("set[str]", trial.supported_codecs)
    except (av.FFmpegError, ValueError):
        return set()


def _names(stream: Stream) -> set[str]:
    """Return the names that FFmpeg may list a stream's codec by."""
    context = stream.codec_context
    return set() if context is None else {context.name, context.codec.canonical_name}


def _codec(stream: Stream) -> str:
    """Return the name of a stream's codec; "unknown": FFmpeg has no decoder."""
    context = stream.codec_context
    return "unknown" if context is None else context.codec.canonical_name


def _encoder(stream: Stream, name: str, kind: str) -> str | None:
    """Return what a stream is encoded by where it cannot be copied; None: nothing does."""
    if stream.type == "audio" and name != "unknown":
        return _SOUND.get(kind)
    return _SUBTITLES.get(kind) if name in _TEXT else None


def _described(stream: Stream, name: str) -> str:
    what = "sound" if stream.type == "audio" else "subtitles"
    language = stream.metadata.get("language", "und")
    return f"{what} ({name}{'' if language == 'und' else f', {language}'})"


def _others(container: InputContainer, kind: str) -> Iterator[str]:
    """Yield in words what else a clip has that a result has no place for."""
    covers = [s for s in container.streams.video if s.disposition & COVER]
    attached = container.streams.attachments
    counts = {
        "cover art": 0 if kind == "matroska" else len(covers),
        "another video": len(container.streams.video) - len(covers) - 1,
        "an attachment": 0 if kind == "matroska" else len(attached),
        "a data stream": len(container.streams.data),
        "chapters": 0 if kind in _SOUND else len(container.chapters()),
    }
    for name, count in counts.items():
        if count > 0:
            plain = name in ("cover art", "chapters") or count == 1
            yield name if plain else f"{count} {name.split(' ', 1)[1]}s"


def copy_facts(source: InputContainer, out: OutputContainer, video: VideoSettings) -> None:
    """Copy titles, chapters, and, where there is a place for them, attachments."""
    ours = ("encoder", "major_brand", "minor_version", "compatible_brands")
    out.metadata.update({k: v for k, v in source.metadata.items() if k.lower() not in ours})
    chapters = [*_chapters(source.chapters(), video)]
    if chapters:
        out.set_chapters(cast("Any", chapters))
    if out.format.name != "matroska":
        return
    for cover in source.streams.video:
        if cover.disposition & COVER:
            kind = "png" if _codec(cover) == "png" else "jpeg"
            picture = bytes(next(source.demux(cover)))
            out.add_attachment(f"cover.{kind.replace('jpeg', 'jpg')}", f"image/{kind}", picture)
    for attached in source.streams.attachments:
        name = attached.metadata.get("filename", f"attachment-{attached.index}")
        kind = attached.metadata.get("mimetype", attached.mimetype or "application/octet-stream")
        out.add_attachment(name, kind, attached.data)


def _chapters(
    chapters: Sequence[Mapping[str, Any]], video: VideoSettings
) -> Iterator[Mapping[str, Any]]:
    """Yield chapters as they are in the part of the clip."""
    for chapter in chapters:
        unit = chapter["time_base"]
        begun = round(video.start / unit)
        last = chapter["end"] if video.end is None else min(chapter["end"], round(video.end / unit))
        if chapter["start"] < last and last > begun:
            start = max(0, chapter["start"] - begun)
            yield {**chapter, "start": start, "end": last - begun}


def add_stream(source: InputContainer, route: Route, out: OutputContainer) -> Stream:
    """Add the stream of a route to a result that is not yet begun."""
    stream: Any = source.streams[route.number]
    if not route.encoder:
        added: Any = out.add_stream_from_template(stream)
    elif stream.type == "audio":
        context = stream.codec_context
        layout = _LAYOUTS.get(context.layout.nb_channels, "stereo")
        rate = context.sample_rate if route.encoder == "aac" else _RATE
        added = out.add_stream(route.encoder, rate=rate if rate in _AAC_RATES else _RATE)
        added.codec_context.layout = layout
        added.codec_context.bit_rate = _BITS * added.codec_context.layout.nb_channels
    else:
        added = out.add_stream(route.encoder)
        stream.codec_context.open(strict=False)
        added.codec_context.subtitle_header = stream.codec_context.subtitle_header or b""
        added.time_base = added.codec_context.time_base = Fraction(1, 1000)
    added.metadata.update(stream.metadata)
    return cast("Stream", added)
