"""Parts into one file, with what is copied from the clip: sound, subtitles, chapters, titles."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import ImageError, RecipeError
from impasto.files import replacing
from impasto.images import read_recipe
from impasto.images.recipe import recipe_json
from impasto.video.encoding import CODECS, Encoding, PartWriter
from impasto.video.files import opened, pyav, video_stream
from impasto.video.options import VideoSettings
from impasto.video.packets import Timed, packets_of
from impasto.video.streams import Route, add_stream, container_format, copy_facts

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream


def video_recipe(path: Path) -> dict[str, Any]:
    """Return the recipe in a video that impasto made.

    Raises:
        RecipeError: It has none.
        ImageError: It is missing or damaged.
        MissingExtraError: PyAV is not installed.
    """
    with opened(path) as container:
        told = {name.lower(): text for name, text in container.metadata.items()}
    comment = told.get("comment", "")
    if not comment.startswith("{"):
        raise RecipeError(f"{path} has no recipe: only videos made by impasto carry one")
    return read_recipe(comment.encode())


@dataclass(frozen=True)
class FileSink:
    """A video file.

    Attributes:
        path: The result.
        encoding: How frames are encoded.
        source: The file that sound, subtitles, chapters and titles are copied from; None: none.
        video: The part of it.
        recipe: How it is made, to be kept in the file.
        routes: What streams of the source go into it.
    """

    path: Path
    encoding: Encoding
    source: Path | None
    video: VideoSettings
    recipe: Mapping[str, object]
    routes: Sequence[Route] = ()
    suffix: str = ".mp4"

    def part(self, path: Path, first: int) -> PartWriter:
        """Begin a part."""
        return PartWriter(path, self.encoding)

    def join(self, parts: Sequence[Path], times: Sequence[Sequence[int]]) -> Path:
        """Make one file of all parts, and copy what else there is.

        Raises:
            ImageError: It cannot be written.
        """
        av, encoding, kind = pyav(), self.encoding, container_format(self.path)
        mp4 = {"movflags": "+faststart", **encoding.timescale} if kind in ("mp4", "mov") else {}
        try:
            with replacing(self.path) as partial, ExitStack() as stack:
                target = str(partial.absolute())
                out = stack.enter_context(av.open(target, "w", format=kind, options=mp4))
                painted = _like_parts(parts[0], encoding, out)
                if encoding.clip.rotation:
                    painted.set_display_rotation(encoding.clip.rotation)
                offsets = [shown[0] for shown in times]
                packets = [_joined(parts, offsets, painted, encoding.clip.time_base)]
                if self.source is not None:
                    source = stack.enter_context(opened(self.source))
                    packets += self._copied(source, out)
                out.metadata["comment"] = recipe_json(self.recipe)
                for _, _, packet in heapq.merge(*packets, key=lambda item: item[:2]):
                    out.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise unwritten(self.path, error) from error
        return self.path

    def _copied(self, source: InputContainer, out: OutputContainer) -> Iterator[Iterator[Timed]]:
        """Copy titles and chapters; yield the packets of each stream that the container takes."""
        assert self.source is not None
        copy_facts(source, out, self.video)
        shown = video_stream(source, self.path)
        origin = float((shown.start_time or 0) * (shown.time_base or 0))
        for number, route in enumerate(self.routes, 1):
            added = add_stream(source, route, out)
            yield packets_of(self.source, route, added, number, self.video, origin)


def unwritten(path: Path, error: Exception) -> ImageError:
    """Return what to say where a result cannot be written: all that is painted stays."""
    reason = getattr(error, "strerror", None) or error
    return ImageError(
        f"{path} cannot be written ({reason}): make room, and run it again with --resume; all "
        "frames are painted"
    )


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


def _joined(
    parts: Sequence[Path], offsets: Sequence[int], stream: VideoStream, unit: Fraction
) -> Iterator[Timed]:
    """Yield the packets of all parts with their seconds, in the order they are decoded in."""
    decoded = decoding_times([time for time, _ in _packets(parts, offsets, unit)])
    for (time, packet), dts in zip(_packets(parts, offsets, unit), decoded, strict=True):
        packet.duration = round((packet.duration or 0) * packet.time_base / unit)
        packet.pts, packet.dts, packet.time_base, packet.stream = time, dts, unit, stream
        yield float(dts * unit), 0, packet


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
    `shown` says when packets are shown, in the order they are decoded in.
    """
    order = sorted(shown)
    place = {time: number for number, time in enumerate(order)}
    delay = max((number - place[time] for number, time in enumerate(shown)), default=0)
    step = max(1, order[1] - order[0]) if len(order) > 1 else 1
    early = [order[0] - step * left for left in range(delay, 0, -1)]
    return [*early, *order[: len(order) - delay]]
