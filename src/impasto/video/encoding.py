"""Encoding painted frames into parts, each a video file of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from impasto.video.clip import Clip, Pixels8, on_white, pyav, upright
from impasto.video.colors import exact, output_tags

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream


@dataclass(frozen=True)
class Codec:
    """An encoder of FFmpeg."""

    encoder: str  # its name there
    crf: int  # its usual quality; lower is better
    worst: int  # the largest it takes
    options: Mapping[str, str]  # other options of FFmpeg
    stores_aspect: bool = True  # whether its frames store the shape of a pixel


CODECS: Mapping[str, Codec] = {
    "h264": Codec("libx264", 18, 51, {"preset": "fast"}),
    # With B-frames its times of decoding are wrong in short parts.
    "hevc": Codec(
        "libx265", 22, 51, {"preset": "fast", "x265-params": "log-level=error:bframes=0"}
    ),
    "vp9": Codec(
        "libvpx-vp9", 30, 63, {"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}, False
    ),
    "av1": Codec("libsvtav1", 30, 63, {"preset": "8"}, False),
}
#: The default codec of each kind of file.
DEFAULT_CODECS: Mapping[str, str] = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".mkv"), "h264"),
    ".webm": "vp9",
}
_KEY = 96  # a player can begin at every so many-th frame at least


@dataclass(frozen=True)
class Encoding:
    """How a clip is encoded."""

    clip: Clip  # what is painted
    size: tuple[int, int]  # width and height of the frames, upright, both even
    codec: str  # of `CODECS`
    crf: int | None = None  # quality; None: the codec's usual
    options: Mapping[str, str] = field(default_factory=dict)  # other options of the encoder

    @property
    def timescale(self) -> dict[str, str]:
        """What an MP4 is told, so that all times of the clip are whole ticks of it."""
        return {"video_track_timescale": str(self.clip.time_base.denominator)}

    def stream(self, container: "OutputContainer") -> "VideoStream":
        """Add the stream to a container, not yet opened."""
        chosen, clip, tags = CODECS[self.codec], self.clip, output_tags(self.clip.tags)
        quality = str(chosen.crf if self.crf is None else self.crf)
        options = {**chosen.options, "crf": quality, **self.options}
        stream: Any = container.add_stream(chosen.encoder, rate=clip.rate, options=options)
        stream.width, stream.height = self.size[::-1] if clip.rotation in (90, 270) else self.size
        stream.pix_fmt = "yuv420p"
        stream.time_base = clip.time_base
        context = stream.codec_context
        context.time_base, context.gop_size = clip.time_base, _KEY
        context.sample_aspect_ratio = clip.aspect
        context.colorspace, context.color_range = tags.matrix, tags.range
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        return cast("VideoStream", stream)


class PartWriter:
    """Encodes one part into an .mp4, or another kind of file, with options of FFmpeg for it."""

    def __init__(
        self,
        path: Path,
        encoding: Encoding,
        kind: str = "mp4",
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._encoding = encoding
        self._container: OutputContainer = pyav().open(
            str(path.absolute()),
            "w",
            format=kind,
            options=encoding.timescale if options is None else dict(options),
        )
        self._stream = encoding.stream(self._container)

    def add(self, pixels: Pixels8, time: int, duration: int) -> None:
        """Encode a frame, upright, on white; `time` counts from the part's beginning."""
        clip, tags = self._encoding.clip, output_tags(self._encoding.clip.tags)
        stored = np.ascontiguousarray(upright(on_white(pixels), -clip.rotation))
        frame = pyav().VideoFrame.from_ndarray(stored, format="rgb24")
        frame = frame.reformat(
            format="yuv420p",
            src_colorspace=tags.matrix,
            dst_colorspace=tags.matrix,
            dst_color_range=tags.range,
            interpolation=exact(),
        )
        frame.pts, frame.time_base, frame.duration = time, clip.time_base, duration
        self._container.mux(self._stream.encode(frame))

    def close(self, *, whole: bool = True) -> None:
        """Finish the file; or leave it as it is, if it is not whole."""
        if whole:
            self._container.mux(self._stream.encode(None))
        self._container.close()
