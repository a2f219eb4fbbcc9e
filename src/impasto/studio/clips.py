"""A clip is painted in a process of its own: what is wrong with it ends that process only."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

from impasto.errors import ImageError, ImpastoError
from impasto.machine import module_command

#: Seconds that the process has to put together what it has painted, and between two previews.
_PATIENCE, _PREVIEW = 30.0, 1.0
#: Seconds between two looks whether it has said something, and of silence after which it is ended.
_LOOK, _SILENCE = 0.5, 120.0


def paint_clip(
    clip: Path, styles: Sequence[str], target: Path, asked: dict[str, Any]
) -> Iterator[tuple[int, int | None]]:
    """Paint a clip; where it is ended early, what there is becomes the video.

    Args:
        clip: The clip.
        styles: Pictures, or names of styles.
        target: The video; `frame.jpg` beside it is the last frame, renewed each second.
        asked: Options of `impasto.stylize_video`.

    Yields:
        Frames that are done, and how many there are, about, or None.

    Raises:
        ImageError: It cannot be painted.
    """
    said = json.dumps({"clip": str(clip), "styles": styles, "target": str(target), "asked": asked})
    command = module_command("impasto.studio.clips", said)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        lines: Queue[str | None] = Queue()
        Thread(target=_follow, args=(child, lines), daemon=True).start()
        last: tuple[int, int | None] = 0, None
        try:
            heard = time.monotonic()
            while True:
                try:
                    line = lines.get(timeout=_LOOK)
                except Empty:
                    if time.monotonic() - heard > _SILENCE:
                        raise ImageError("this video takes too long to read") from None
                    yield last  # whoever wants to stop it can
                    continue
                if line is None:
                    break
                found, heard = json.loads(line), time.monotonic()
                if "error" in found:
                    raise ImageError(found["error"])
                last = found["done"], found["whole"]
                yield last
            if child.wait():
                raise ImageError("this video could not be painted: choose another one")
        finally:
            child.terminate()
            try:
                child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()


def _follow(child: subprocess.Popen[str], lines: Queue[str | None]) -> None:
    """Put the lines that a process prints into a queue, and None at their end."""
    assert child.stdout is not None
    with suppress(ValueError):  # it is closed
        for line in child.stdout:
            lines.put(line)
    lines.put(None)


def main(said: str) -> None:
    """Do what `paint_clip` asks for; the program of its process."""
    from impasto.images import open_picture
    from impasto.video.options import video_settings
    from impasto.video.setup import prepare

    asked: dict[str, Any] = json.loads(said)
    target, shown = Path(asked["target"]), 0.0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings, video = video_settings(asked["styles"], **asked["asked"])
        work = prepare(asked["clip"], asked["styles"], target, settings, video)
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
        name = Path(asked["clip"]).name
        _say(error=str(error).replace(asked["clip"], name).replace(name, "this video"))


def _say(**facts: object) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{json.dumps(facts)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
