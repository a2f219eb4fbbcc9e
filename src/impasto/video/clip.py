"""Clips: frames with their times and what else belongs to them, in files that FFmpeg reads."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto import files
from impasto.errors import ImageError, importing
from impasto.images import open_picture
from impasto.video.colors import Tags

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

Pixels8 = NDArray[np.uint8]
OPAQUE = 255  # the alpha of what is not transparent at all
#: FFmpeg's errors for data that it cannot make sense of, and for too little of it.
_INVALID_DATA, _END = 1094995529, 541478725
COVER = 0x400  # FFmpeg's flag of a stream that is a cover picture
#: Kinds of files, as FFmpeg names them, that hold all they show: playlists name other files.
_WHOLE = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,obu,ivf,flv,"
    "ogg,asf,dv,mxf,nut,rm,wtv,yuv4mpegpipe,gif,apng"
)
#: What errors of FFmpeg mean here, by their numbers.
_REASONS = {
    errno.EINVAL: "it is a playlist, or of a kind that is not taken: give MP4, MOV, MKV, WebM "
    "or AVI",
    **dict.fromkeys(
        (_INVALID_DATA, _END), "it is damaged, cut off or no video: copy or download it again"
    ),
}


class Frame(NamedTuple):
    """One picture of a clip, with times in units of the clip's `time_base`.

    Pixels are (H, W, 3) uint8 sRGB, upright, or (H, W, 4), visible colors continued below others.
    """

    pixels: Pixels8
    time: int  # when it is shown, from the clip's first frame on
    duration: int


@dataclass(frozen=True)
class Clip:
    """The properties of a clip."""

    path: Path
    size: tuple[int, int]  # width and height, upright, in pixels
    time_base: Fraction  # seconds of a unit of time
    rate: Fraction  # frames a second, on average
    count: int | None  # frames, about; None: not known
    rotation: int = 0  # degrees, counterclockwise, by which players turn stored frames: 0, 90, …
    aspect: Fraction = Fraction(1)  # width over height of a stored pixel
    tags: Tags = field(default_factory=Tags)
    notes: tuple[str, ...] = ()  # what is changed on the way in, in words
    #: How often an animation is repeated; 0: forever; -1: it is shown once; None: it is none.
    loops: int | None = None
    transparent: bool = False  # whether frames may have transparent places


def with_alpha(pixels: Pixels8) -> Pixels8:
    """Return pixels (H, W, 4) with visible colors continued below what is transparent.

    Where nothing is transparent they become (H, W, 3).
    """
    if pixels[..., 3].min() == OPAQUE:
        return np.ascontiguousarray(pixels[..., :3])
    return np.dstack([open_picture(pixels).filled().to_array(), pixels[..., 3]])


def on_white(pixels: Pixels8) -> Pixels8:
    """Return pixels (H, W, 3 or 4) without transparency, laid on white."""
    return open_picture(pixels).on_white().to_array() if pixels.shape[2] == 4 else pixels


def pyav() -> Any:  # noqa: ANN401
    """Return the module av, or raise a `MissingExtraError`."""
    os.environ.setdefault("SVT_LOG", "1")  # else its AV1 encoder talks
    with importing("video", "video"):
        import av
    av.logging.set_level(None)
    return av


@contextmanager
def opened(path: Path) -> "Iterator[InputContainer]":
    """Open a file to read, and nothing but this file, whatever it names."""
    av = pyav()
    check_file(path, "video")
    limits = {"format_whitelist": _WHOLE, "protocol_whitelist": "file"}
    try:
        # A relative name with a colon in it would be taken for an address.
        container = av.open(str(path.absolute()), options=limits, metadata_errors="replace")
    except av.FFmpegError as error:
        reason = _REASONS.get(error.errno, error.strerror)
        raise ImageError(f"{path} cannot be read as video: {reason}") from error
    with container:
        yield container


def check_file(path: Path, kind: str) -> None:
    """Raise an `ImageError` for what is no file with something in it."""
    files.check_file(path, ImageError)
    if not path.stat().st_size:
        raise ImageError(f"{path} cannot be read as {kind}: it is empty: copy or download it again")


def video_stream(container: "InputContainer", path: Path) -> "VideoStream":
    """Return the stream that is shown, or raise an `ImageError`."""
    shown = [s for s in container.streams.video if not s.disposition & COVER]
    if not shown:
        raise ImageError(f"there is no video in {path}")
    if not shown[0].codec_context:
        raise ImageError(f"{path} is of a kind that cannot be decoded: convert it to H.264 first")
    return shown[0]


def upright(pixels: Pixels8, rotation: int) -> Pixels8:
    """Turn stored pixels as players do, by degrees counterclockwise; by the negative, back."""
    return np.ascontiguousarray(np.rot90(pixels, rotation // 90)) if rotation else pixels
