"""Clips in files that FFmpeg reads."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.errors import ImageError, MissingExtraError
from impasto.video.clip import Pixels8

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

#: FFmpeg's errors for data that it cannot make sense of, and for too little of it.
_INVALID_DATA, _END = 1094995529, 541478725
#: FFmpeg's flag of a stream that is a cover picture.
COVER = 0x400
#: FFmpeg's number where a tag of colors is not given.
SAID_NOTHING = 2
#: Matrices by what is usual where nothing is said: small pictures, and others.
BT601, BT709 = 6, 1
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
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a file to read, and nothing but this file, whatever it names.

    Raises:
        ImageError: It is missing, damaged or of another kind.
        MissingExtraError: PyAV is not installed.
    """
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
    """Refuse what is no file with something in it: a pipe or a device would be read for ever.

    Raises:
        ImageError: It is missing, empty or no file.
    """
    reason = ""
    try:
        status = path.stat()
    except FileNotFoundError:
        reason = "there is no such file"
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", error))
    else:
        if not stat.S_ISREG(status.st_mode):
            reason = "it is not a file: save it as one first"
        elif not status.st_size:
            reason = "it is empty: copy or download it again"
    if reason:
        raise ImageError(f"{path} cannot be read as {kind}: {reason}")


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream that is shown.

    Raises:
        ImageError: There is none.
    """
    shown = [s for s in container.streams.video if not s.disposition & COVER]
    if not shown:
        raise ImageError(f"there is no video in {path}")
    return shown[0]


def upright(pixels: Pixels8, rotation: int) -> Pixels8:
    """Turn stored pixels as players do, by degrees counterclockwise; by the negative, back."""
    return np.ascontiguousarray(np.rot90(pixels, rotation // 90)) if rotation else pixels
