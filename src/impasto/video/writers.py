"""Where painted frames go: a video file, an animation, or a folder of pictures.

A video file has what is copied from the clip, too: sound, subtitles, chapters, titles.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from PIL import Image

from impasto.errors import ImageError, RecipeError
from impasto.files import replacing
from impasto.images import open_picture, read_recipe
from impasto.images.animation import write_frames
from impasto.images.recipe import recipe_json
from impasto.video.clip import COVER, Clip, Pixels8, opened, pyav, video_stream
from impasto.video.encoding import CODECS, DEFAULT_CODECS, Encoding, PartWriter
from impasto.video.options import VideoSettings
from impasto.video.streams import CopiedStream, add_stream, codec_name, container_format

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream

_STILL = "%06d.png"
#: Of the frames of each part and of its end, in the clip's units.
Times: TypeAlias = Sequence[Sequence[int]]
Recipe: TypeAlias = Mapping[str, object]


def recipe_in(path: Path) -> dict[str, Any]:
    """Return the recipe in a video or picture that impasto made, or raise a `RecipeError`."""
    if path.suffix.lower() not in DEFAULT_CODECS:
        return read_recipe(path)
    with opened(path) as container:
        told = {name.lower(): text for name, text in container.metadata.items()}
    comment = told.get("comment", "")
    if not comment.startswith("{"):
        raise RecipeError(f"{path} has no recipe: only videos made by impasto carry one")
    return read_recipe(comment.encode())


@dataclass(frozen=True)
class VideoFileWriter:
    """A video file."""

    path: Path
    encoding: Encoding
    source: Path | None  # that sound, subtitles, chapters and titles are copied from
    video: VideoSettings  # the part of it
    encoders: Mapping[int, str]  # which of its streams are copied, or encoded, by their number
    suffix: str = ".mp4"

    def part(self, path: Path, first: int) -> PartWriter:
        """Begin a part."""
        return PartWriter(path, self.encoding)

    def join(self, parts: Sequence[Path], times: Times, recipe: Recipe) -> Path:
        """Make one file of all parts, with its recipe, and copy what else there is."""
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
                    given = stack.enter_context(opened(self.source))
                    _copy_facts(given, out, self.video)
                    shown = video_stream(given, self.path)
                    origin = float((shown.start_time or 0) * (shown.time_base or 0))
                    for number, encoder in self.encoders.items():
                        added = add_stream(given.streams[number], encoder, out)
                        kept = CopiedStream(self.source, number, encoder, added, self.video, origin)
                        packets.append(kept.packets())
                out.metadata["comment"] = recipe_json(recipe)
                decoded = heapq.merge(*packets, key=lambda p: float(p.dts * p.time_base))
                for packet in decoded:
                    out.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise write_error(self.path, error) from error
        return self.path


def write_error(path: Path, error: Exception) -> ImageError:
    """Return what to say where a result cannot be written: all that is painted stays."""
    reason = getattr(error, "strerror", None) or error
    return ImageError(
        f"{path} cannot be written ({reason}): make room, and run it again with --resume; all "
        "frames are painted"
    )


#: Beginnings of the names of facts that a result does not share with its clip.
_LEFT_OUT = (
    *("encoder", "major_brand", "minor_version", "compatible_brands"),
    *("location", "gps", "make", "model", "com.apple.", "com.android."),
)


def _copy_facts(source: InputContainer, out: OutputContainer, video: VideoSettings) -> None:
    """Copy titles, chapters, and, where there is a place for them, attachments.

    Camera and position are left out, as in pictures.
    """
    said = {k: v for k, v in source.metadata.items() if not k.lower().startswith(_LEFT_OUT)}
    out.metadata.update(said)
    chapters: Any = [*_chapters(source.chapters(), video)]
    if chapters:
        out.set_chapters(chapters)
    if out.format.name != "matroska":
        return
    for cover in source.streams.video:
        if cover.disposition & COVER:
            kind = "png" if codec_name(cover) == "png" else "jpeg"
            picture = bytes(next(source.demux(cover)))
            out.add_attachment(f"cover.{kind.replace('jpeg', 'jpg')}", f"image/{kind}", picture)
    for attached in source.streams.attachments:
        name = attached.metadata.get("filename", f"attachment-{attached.index}")
        kind = attached.metadata.get("mimetype", attached.mimetype or "application/octet-stream")
        out.add_attachment(name, kind, attached.data)


def _chapters(
    chapters: Sequence[Mapping[str, Any]], video: VideoSettings
) -> Iterator[Mapping[str, Any]]:
    for chapter in chapters:
        unit = chapter["time_base"]
        begun = round(video.start / unit)
        last = chapter["end"] if video.end is None else min(chapter["end"], round(video.end / unit))
        if chapter["start"] < last and last > begun:
            yield {**chapter, "start": max(0, chapter["start"] - begun), "end": last - begun}


def _like_parts(part: Path, encoding: Encoding, out: OutputContainer) -> VideoStream:
    """Add a stream for packets of parts as they are."""
    if not CODECS[encoding.codec].stores_aspect:
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
) -> Iterator[Any]:
    """Yield the packets of all parts in the order they are decoded in."""
    decoded = decoding_times([time for time, _ in _packets(parts, offsets, unit)])
    for (time, packet), dts in zip(_packets(parts, offsets, unit), decoded, strict=True):
        packet.duration = round((packet.duration or 0) * packet.time_base / unit)
        packet.pts, packet.dts, packet.time_base, packet.stream = time, dts, unit, stream
        yield packet


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


@dataclass(frozen=True)
class AnimationWriter:
    """A GIF, an animated WebP or an APNG."""

    path: Path
    clip: Clip
    suffix: str = ".frames"

    def part(self, path: Path, first: int) -> _Pictures:
        """Begin a part: a folder of its frames."""
        return _Pictures(path / _STILL, 0)

    def join(self, parts: Sequence[Path], times: Times, recipe: Recipe) -> Path:
        """Make one file of all; Pillow has a GIF's frames in memory at once."""
        stills = [
            part / (_STILL % number)
            for part, shown in zip(parts, times, strict=True)
            for number in range(1, len(shown))
        ]
        kind = self.path.suffix.lower().removeprefix(".")
        first, unit = times[0][0], self.clip.time_base * 1000
        ends = [(time - first) * unit for shown in times for time in shown[1:]]
        transparent = self.clip.transparent

        def frame(number: int) -> Image.Image:
            still = Image.open(stills[number], formats=("PNG",))
            return still.convert("RGBA" if transparent else "RGB")

        options: dict[str, Any] = {"quality": 85, "method": 3} if kind == "webp" else {}
        loops = 0 if self.clip.loops is None else self.clip.loops
        if loops >= 0 or kind != "gif":
            options["loop"] = abs(loops)  # a GIF without is shown once
        try:
            with replacing(self.path) as partial:
                write_frames(partial, kind, frame, ends, recipe, transparent=transparent, **options)
        except OSError as error:
            raise write_error(self.path, error) from error
        return self.path


@dataclass(frozen=True)
class FrameFolderWriter:
    """Pictures by number, as the pattern `frames/%06d.png` names them."""

    pattern: Path
    suffix: str = ""

    def part(self, path: Path, first: int) -> _Pictures:
        """Begin a part."""
        return _Pictures(self.pattern, first)

    def join(self, parts: Sequence[Path], times: Times, recipe: Recipe) -> Path:
        """Return the folder: all pictures are there."""
        return self.pattern.parent


class _Pictures:
    """Saves frames by number, from the one after `number` on."""

    def __init__(self, pattern: Path, number: int) -> None:
        self._pattern, self._number = pattern, number
        pattern.parent.mkdir(parents=True, exist_ok=True)

    def add(self, pixels: Pixels8, time: int, duration: int) -> None:
        """Save a frame; a full disk is an `OSError`, as of the other sinks."""
        self._number += 1
        file = self._pattern.with_name(self._pattern.name % self._number)
        try:
            open_picture(pixels).save(file, overwrite=True)
        except ImageError as error:
            raise error.__cause__ if isinstance(error.__cause__, OSError) else error from error

    def close(self, *, whole: bool = True) -> None:
        """Do nothing."""


#: Takes painted frames in parts and joins these to the result.
ResultWriter: TypeAlias = VideoFileWriter | AnimationWriter | FrameFolderWriter
#: Takes the frames of a part; their times count from its beginning.
FrameWriter: TypeAlias = PartWriter | _Pictures
