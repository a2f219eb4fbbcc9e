"""Visitors' files are opened in processes of their own: what is wrong with one ends its turn only.

An upload is decoded with limits. The process writes what the studio works with: a picture as PNG,
upright, in sRGB and no larger than the studio's results, and a small copy. Nothing else ever opens
the upload of a picture. A clip is painted in a process, too.
"""

import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, ImpastoError
from impasto.images import Source, open_picture
from impasto.machine import module_command
from impasto.settings.methods import method_of

#: Longest side of a small copy, in pixels, and least side of a picture.
THUMBNAIL, LEAST_SIDE = 192, 16
#: Limits of the process: seconds, and bytes of memory and of a file it writes.
SECONDS, MEMORY, WRITTEN = 20, 4 << 30, 1 << 30
PICTURE, SMALL = "picture.png", "thumbnail.jpg"
#: Seconds that painting has to put together what there is, and between two previews.
_PATIENCE, _PREVIEW = 30.0, 1.0
#: Seconds between two looks whether it has said something, and of silence after which it is ended.
_LOOK, _SILENCE = 0.5, 120.0


def decode(upload: Path, folder: Path, size: int, kind: str) -> dict[str, Any]:
    """Decode an upload in a process of its own, which puts two pictures into a folder.

    A picture has a longest side of `size` pixels at most. Returned are `kind`, `width`, `height`,
    and of a clip `seconds`; an ImageError says why it cannot be used.
    """
    command = _command("decode", upload, folder, size, kind)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, env=environment)
    except subprocess.TimeoutExpired as error:
        raise ImageError("this file takes too long to read: choose another one") from error
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise ImageError("this file takes too much memory: choose a smaller one") from error
    if "error" in found:
        raise ImageError(f"this file cannot be used: {found['error']}")
    return found


def _command(task: str, *asked: object) -> list[str]:
    return module_command("impasto.studio.processes", task, json.dumps(asked, default=str))


def _decode(upload: str, folder: str, size: int, kind: str) -> None:
    """Do what `decode` asks for; the program of its process."""
    with suppress(ImportError):  # Windows has none of these; its time is limited all the same
        import resource

        limits = {"RLIMIT_AS": MEMORY, "RLIMIT_CPU": SECONDS, "RLIMIT_FSIZE": WRITTEN}
        for name, most in limits.items():
            with suppress(ValueError, OSError):  # macOS limits no memory; or a lower limit holds
                resource.setrlimit(getattr(resource, name), (most, most))
    try:
        found = _decoded(Path(upload), Path(folder), size, kind)
    except ImpastoError as error:
        found = {"error": str(error).replace(upload, "it").replace(Path(upload).name, "it")}
    except MemoryError:
        found = {"error": "it takes too much memory: choose a smaller one"}
    except Exception as error:  # whatever a decoder says of what is hostile
        found = {"error": f"it is damaged ({type(error).__name__})"}
    _say(**found)


def _decoded(upload: Path, folder: Path, size: int, kind: str) -> dict[str, Any]:
    if kind != "clip":
        try:
            return _picture(upload, folder, size)
        except ImageError:
            if kind == "picture" or not _looks_like_a_clip(upload):
                raise
    return _clip(upload, folder)


def _picture(upload: Path, folder: Path, size: int) -> dict[str, Any]:
    picture = open_picture(upload, max_size=size)
    if min(picture.size) < LEAST_SIDE:
        width, height = picture.size
        raise ImageError(f"{width}x{height} pixels are too few: choose a larger picture")
    picture.save(folder / PICTURE)
    (folder / SMALL).write_bytes(small_copy(picture.to_pil()))
    return {"kind": "picture", "width": picture.width, "height": picture.height}


def _clip(upload: Path, folder: Path) -> dict[str, Any]:
    from impasto.video.pictures import MIN_SIDE, open_reader

    reader = open_reader(str(upload))
    clip = reader.clip
    if min(clip.size) < MIN_SIDE:
        raise ImageError(f"{clip.size[0]}x{clip.size[1]} pixels are too few: choose a larger video")
    (folder / SMALL).write_bytes(small_copy(next(iter(reader.frames())).pixels))
    seconds = float((clip.count or 0) / clip.rate)
    return {"kind": "clip", "width": clip.size[0], "height": clip.size[1], "seconds": seconds}


def small_copy(source: Any, side: int = THUMBNAIL) -> bytes:  # noqa: ANN401
    """Return a thumbnail of a picture that is nobody's or was decoded, JPEG."""
    picture = open_picture(source, max_size=2 * side).on_white()
    file = io.BytesIO()
    picture.resized(min(side, max(picture.size))).to_pil().save(file, "JPEG", quality=78)
    return file.getvalue()


def _looks_like_a_clip(upload: Path) -> bool:
    """Tell whether a file begins as a video does: MP4, MOV, Matroska, WebM, AVI, Ogg, MPEG, GIF."""
    with upload.open("rb") as file:
        head = file.read(16)
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free") or head.startswith(
        (b"\x1aE\xdf\xa3", b"RIFF", b"OggS", b"\x00\x00\x01\xba", b"GIF8", b"FLV", b"\x47")
    )


def paint_clip(
    clip: Path, styles: Sequence[Source], target: Path, asked: dict[str, Any]
) -> Generator[tuple[int, int | None]]:
    """Paint a clip, with options of `impasto.stylize_video`; ImageError: it cannot be painted.

    Yielded are frames that are done, and how many there are, about, or None. Where it is ended
    early, what there is becomes the video; `frame.jpg` beside it is renewed each second.
    """
    log = target.with_name("log")
    with (
        log.open("w") as output,
        subprocess.Popen(_command("paint", clip, styles, target, asked), stdout=output) as child,
        log.open(encoding="utf-8") as lines,
    ):
        try:
            # A frame in steps may take long; those who wait can stop it, and time ends it.
            silence = math.inf if method_of(asked["method"]).steps else _SILENCE
            yield from _followed(child, lines, silence)
            if child.wait():
                raise ImageError("this video could not be painted: choose another one")
        finally:
            child.terminate()
            try:
                child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()


def _followed(
    child: subprocess.Popen[bytes], lines: Iterator[str], silence: float
) -> Generator[tuple[int, int | None]]:
    """Yield how far a process is, twice a second, so that whoever wants to stop it can."""
    last: tuple[int, int | None] = 0, None
    heard, ended = time.monotonic(), False
    while not ended:
        ended = child.poll() is not None  # asked before what it said last is read
        for line in lines:
            found, heard = json.loads(line), time.monotonic()
            if "error" in found:
                raise ImageError(found["error"])
            last = found["done"], found["whole"]
        if time.monotonic() - heard > silence:
            raise ImageError("this video takes too long to read")
        yield last
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK)


def _paint(clip: str, styles: list[str], place: str, asked: dict[str, Any]) -> None:
    """Do what `paint_clip` asks for; the program of its process."""
    from impasto.video.options import video_settings
    from impasto.video.setup import prepare_video

    target, shown = Path(place), 0.0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        work = prepare_video(clip, styles, target, *video_settings(styles, **asked))
        with suppress(KeyboardInterrupt):
            for progress in work.run(work.begin(False)):
                if time.monotonic() - shown > _PREVIEW:
                    frame = open_picture(progress.painted)
                    frame.save(target.with_name("frame.jpg"), overwrite=True)
                    shown = time.monotonic()
                _say(done=progress.done, whole=progress.whole)
        with suppress(ImageError):  # nothing is finished yet
            work.finish()
    except ImpastoError as error:
        name = Path(clip).name
        _say(error=str(error).replace(clip, name).replace(name, "this video"))


def _say(**facts: object) -> None:
    sys.stdout.write(f"{json.dumps(facts)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    tasks: dict[str, Callable[..., None]] = {"decode": _decode, "paint": _paint}
    tasks[sys.argv[1]](*json.loads(sys.argv[2]))
    os._exit(0)  # even if a thread is still painting a frame
