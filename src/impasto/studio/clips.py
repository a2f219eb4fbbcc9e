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
from typing import Any

from impasto.errors import ImageError, ImpastoError
from impasto.images import Source
from impasto.machine import module_command

#: Seconds that the process has to put together what it has painted, and between two previews.
_PATIENCE, _PREVIEW = 30.0, 1.0
#: Seconds between two looks whether it has said something, and of silence after which it is ended.
_LOOK, _SILENCE = 0.5, 120.0


def paint_clip(
    clip: Path, styles: Sequence[Source], target: Path, asked: dict[str, Any]
) -> Iterator[tuple[int, int | None]]:
    """Paint a clip, with options of `impasto.stylize_video`; ImageError: it cannot be painted.

    Yielded are frames that are done, and how many there are, about, or None. Where it is ended
    early, what there is becomes the video; `frame.jpg` beside it is renewed each second.
    """
    said = {"clip": str(clip), "styles": list(map(str, styles)), "target": str(target)}
    command = module_command("impasto.studio.clips", json.dumps({**said, "asked": asked}))
    log = target.with_name("log")
    with (
        log.open("w") as output,
        subprocess.Popen(command, stdout=output) as child,
        log.open(encoding="utf-8") as lines,
    ):
        try:
            yield from _followed(child, lines)
            if child.wait():
                raise ImageError("this video could not be painted: choose another one")
        finally:
            child.terminate()
            try:
                child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()


def _followed(
    child: subprocess.Popen[bytes], lines: Iterator[str]
) -> Iterator[tuple[int, int | None]]:
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
        if time.monotonic() - heard > _SILENCE:
            raise ImageError("this video takes too long to read")
        yield last
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK)


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
    sys.stdout.write(f"{json.dumps(facts)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
