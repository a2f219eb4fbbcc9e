"""Where live frames come from: a camera, a file, a stream; the newest frame wins."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from impasto.errors import ImageError, ImpastoError
from impasto.flow import opencv
from impasto.images import is_picture_name, open_picture
from impasto.video.clip import Pixels8, on_white, pyav
from impasto.video.pictures import Reader, open_reader
from impasto.weights.folders import refuse_offline

RETRY = 2.0  # seconds between two tries to open a source that is gone
SILENCE = 10.0  # seconds without a picture after which somebody is told
_LEAST_SECONDS = 0.02  # seconds between the end of a file and its next beginning, at least


class Captured(NamedTuple):
    """A frame (H, W, 3) uint8, and the moment it was taken, by `time.monotonic()`."""

    pixels: Pixels8
    moment: float


class SourceLostError(ImpastoError):
    """A source gives no more frames, but may again."""


Frames = Callable[[], Iterator[Pixels8]]


def open_source(name: str, *, loop: bool = True) -> Frames:
    """Return what gives the frames of a source, in their own time.

    It is named by the number of a camera (or its `/dev/video0`), the address of a stream
    (`rtsp://…`, `http://…`), or the path of a pipe, a video file or a picture. In a `loop` a file
    begins again when it ends, and a stream is awaited again. A file that is missing or no video is
    an `ImageError`, a stream from elsewhere with ``IMPASTO_OFFLINE`` set an `ImpastoError`.
    """
    if (number := name.removeprefix("/dev/video")).isdecimal():
        opencv()
        return lambda: _camera(int(number))
    if "://" in name or Path(name).is_fifo():
        pyav()
        if "://" in name and urlsplit(name).hostname not in ("localhost", "127.0.0.1", "::1"):
            refuse_offline(name)
        return lambda: _stream(name, loop)
    path = Path(name)
    if is_picture_name(path) and path.is_file() and path.suffix.lower() not in (".gif", ".webp"):
        pixels = open_picture(path).on_white().to_array()
        return lambda: _still(pixels, loop)
    reader = open_reader(name)
    return lambda: _file(reader, loop)


def _still(pixels: Pixels8, loop: bool) -> Iterator[Pixels8]:
    yield pixels
    while loop:
        time.sleep(_LEAST_SECONDS)
        yield pixels


def _camera(number: int) -> Iterator[Pixels8]:
    cv2 = opencv()
    camera = cv2.VideoCapture(number)
    try:
        if not camera.isOpened():
            raise SourceLostError(
                f"camera {number} cannot be opened: is it plugged in, or used by another program?"
            )
        camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        while True:
            there, frame = camera.read()
            if not there:
                raise SourceLostError(f"camera {number} gives no more pictures: is it unplugged?")
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    finally:
        camera.release()


def _stream(address: str, loop: bool) -> Iterator[Pixels8]:
    av = pyav()
    try:
        with av.open(address, timeout=5, metadata_errors="replace") as container:
            if not container.streams.video:
                raise ImageError(f"there is no video in {address}")
            yield from (each.to_ndarray(format="rgb24") for each in container.decode(video=0))
    except av.FFmpegError as error:
        raise SourceLostError(f"{address} gives no pictures: {error.strerror}") from error
    if loop:
        raise SourceLostError(f"{address} has ended")


def _file(reader: Reader, loop: bool) -> Iterator[Pixels8]:
    unit = reader.clip.time_base
    while True:
        begun, end = time.monotonic(), 0.0
        try:
            for frame in reader.frames():
                time.sleep(max(0.0, begun + float(frame.time * unit) - time.monotonic()))
                yield on_white(frame.pixels)
                end = float((frame.time + frame.duration) * unit)
        except pyav().FFmpegError as error:
            raise SourceLostError(f"{reader.clip.path} is damaged: {error.strerror}") from error
        if not loop:
            return
        # A file of one picture is not read all the time.
        time.sleep(max(_LEAST_SECONDS, begun + end - time.monotonic()))


class Newest:
    """Holds the newest frame of a source; who is slow misses frames and is never late.

    A source that is lost is opened again and again, unless `retry` is off: what is wrong after the
    first frame is its end then. If frames are `needed`, what is wrong before the first one is an
    error, raised where they are taken.
    """

    def __init__(self, frames: Frames, *, needed: bool = False, retry: bool = True) -> None:
        self.trouble: str | None = None  # what is wrong with the source now
        self.ended = False  # whether it has come to its end
        self._needed, self._retry = needed, retry
        self._given, self._last = False, time.monotonic()
        self._frames, self._left, self._fresh = frames, threading.Event(), threading.Condition()
        self._captured: Captured | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def take(self, patience: float = 0.2) -> Captured | None:
        """Return the newest frame that was not taken yet; None: none came within `patience` s."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._captured is not None or self.ended, patience)
            captured, self._captured = self._captured, None
        if captured is None and self._failure is not None:
            raise self._failure
        if captured is not None:
            self._last = time.monotonic()
        elif self.trouble is None and time.monotonic() - self._last > SILENCE:
            self.trouble = f"no picture has come for {SILENCE:g} seconds"
        return captured

    def close(self) -> None:
        """Let go of the source."""
        self._left.set()
        self._thread.join(3)

    def _read(self) -> None:
        try:
            while not self._left.is_set():
                try:
                    for pixels in self._frames():
                        with self._fresh:
                            self.trouble, self._given = None, True
                            self._captured = Captured(pixels, time.monotonic())
                            self._fresh.notify_all()
                        if self._left.is_set():
                            break
                    return
                except (SourceLostError, ImageError) as error:
                    self.trouble = str(error)
                    if self._needed and not self._given:
                        raise
                    if not self._retry:
                        return
                    self._left.wait(RETRY)
        except Exception as error:  # of what reads; told where frames are taken
            self._failure = error
        finally:
            with self._fresh:
                self.ended = True
                self._fresh.notify_all()
