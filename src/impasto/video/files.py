"""Clips in files that FFmpeg reads."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.errors import ImageError, MissingExtraError
from impasto.video.clip import Clip, Frame, Pixels8, Tags
from impasto.video.tone_mapping import NAMES, to_sdr

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

#: FFmpeg's number where a tag of colors is not given.
SAID_NOTHING = 2
#: Matrices by what is usual where nothing is said: small pictures, and others.
BT601, BT709 = 6, 1
_HIGH = 720
#: Frames a second that are believed.
_FASTEST = 240
#: Kinds of files, as FFmpeg names them, that hold all they show: playlists name other files.
WHOLE = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,obu,ivf,flv,"
    "ogg,asf,dv,mxf,nut,rm,wtv,yuv4mpegpipe,gif,apng"
)


def pyav() -> Any:  # noqa: ANN401
    """Return the module av.

    Raises:
        MissingExtraError: It is not installed.
    """
    os.environ.setdefault("SVT_LOG", "1")  # else its AV1 encoder talks
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("video", "video") from error
    av.logging.set_level(None)
    return av


def exact() -> Any:  # noqa: ANN401
    """Return how colors are converted: the fast way makes each frame a little darker."""
    from av.video.reformatter import Interpolation as How

    return How.BICUBIC | How.ACCURATE_RND | How.FULL_CHR_H_INT


@contextmanager
def opened(path: Path, kinds: str | None = None) -> Iterator[InputContainer]:
    """Open a file to read: if `kinds` are named, only one of these, and nothing but the file.

    Raises:
        ImageError: It is missing, damaged or of another kind.
        MissingExtraError: PyAV is not installed.
    """
    av = pyav()
    limits = {"format_whitelist": kinds, "protocol_whitelist": "file"} if kinds else {}
    try:
        with av.open(str(path), options=limits, metadata_errors="replace") as container:
            yield container
    except av.FFmpegError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        if kinds and error.errno == errno.EINVAL:  # what FFmpeg says of a kind that is not listed
            reason = "it is of a kind that is not taken: give MP4, MOV, MKV, WebM or AVI"
        raise ImageError(f"{path} cannot be read as video: {reason}") from error


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream that is shown.

    Raises:
        ImageError: There is none.
    """
    shown = [s for s in container.streams.video if not s.disposition & 0x400]  # no cover pictures
    if not shown:
        raise ImageError(f"there is no video in {path}")
    return shown[0]


class FileReader:
    """Reads a file by FFmpeg.

    Raises:
        ImageError: It is missing, damaged or has no video.
        MissingExtraError: PyAV is not installed.
    """

    def __init__(self, path: Path) -> None:
        with opened(path) as container:
            stream = video_stream(container, path)
            first = next(iter(container.decode(stream)), None)
            if first is None:
                raise ImageError(f"there are no frames in {path}")
            self.clip = _described(path, container, stream, first)

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Yield the frames that are shown after a time in seconds, and some before it."""
        clip = self.clip
        with opened(clip.path) as container:
            stream = video_stream(container, clip.path)
            stream.thread_type = "AUTO"
            origin = stream.start_time or 0
            if start > 1:
                container.seek(origin + round(start / clip.time_base), stream=stream)
            usual = max(1, round(1 / (clip.rate * clip.time_base)))
            held: Frame | None = None
            for frame in container.decode(stream):
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
        values: Any = frame.to_ndarray(
            format="rgb48le" if wide else "rgb24",
            src_colorspace=matrix,
            dst_colorspace=matrix,
            interpolation=exact(),
        )
        pixels: Pixels8 = to_sdr(values, transfer) if wide else values
        return upright(pixels, self.clip.rotation)


def upright(pixels: Pixels8, rotation: int) -> Pixels8:
    """Turn stored pixels as players do, by degrees counterclockwise; by the negative, back."""
    return np.ascontiguousarray(np.rot90(pixels, rotation // 90)) if rotation else pixels


def _described(
    path: Path, container: InputContainer, stream: VideoStream, first: VideoFrame
) -> Clip:
    unit = stream.time_base or Fraction(1, 1000)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    count = stream.frames or None
    if count is None and rate <= _FASTEST:  # some give a rate that is but their times' fineness
        lasts = Fraction(container.duration or 0, 1_000_000)
        count = round((stream.duration * unit if stream.duration else lasts) * rate) or None
    rotation = round(first.rotation / 90) * 90 % 360
    width, height = first.width, first.height
    said = Tags(first.colorspace, first.color_primaries, first.color_trc, first.color_range)
    usual = BT709 if min(width, height) >= _HIGH else BT601
    tags = said._replace(matrix=usual if said.matrix == SAID_NOTHING else said.matrix)
    bits = max((part.bits for part in first.format.components), default=8)
    notes: tuple[str, ...] = (f"{bits} bits a color became 8",) if bits > 8 else ()
    if tags.transfer in NAMES:
        notes = (f"{NAMES[tags.transfer]} was brought to standard dynamic range",)
    return Clip(
        path=path,
        size=(height, width) if rotation in (90, 270) else (width, height),
        time_base=unit,
        rate=rate,
        count=count,
        rotation=rotation,
        aspect=stream.sample_aspect_ratio or Fraction(1),
        tags=tags,
        notes=notes,
    )
