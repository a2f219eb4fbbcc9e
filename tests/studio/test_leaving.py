"""A video that is left in the studio: what there is becomes the result, in seconds."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
from tests.video.conftest import moving, write_clip

SLOW = """
import contextlib, runpy, sys, time
from impasto.video import painting, pipeline, prefetch
usual, frames, pipeline.PART = painting.FrameStylizer.__call__, [], 3
prefetch._PATIENCE = 3.0
def slow(*arguments):
    frames.append(1)
    while len(frames) > 5:  # as in a library that asks nothing meanwhile
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(1)
    return usual(*arguments)
painting.FrameStylizer.__call__ = slow
runpy.run_module("impasto.studio.processes", run_name="__main__", alter_sys=True)
"""


def test_it_does_not_wait_for_a_slow_frame(files: tuple[Path, Path], tmp_path: Path) -> None:
    clip, target = write_clip(tmp_path / "in.mp4", moving(9)), tmp_path / "painted.mp4"
    asked = json.dumps([str(clip), [str(files[1])], str(target), {"method": "fast"}])
    command = [sys.executable, "-c", SLOW, "paint", asked]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        for _ in range(3):
            assert "done" in json.loads(program.stdout.readline())
        while not (tmp_path / "painted.mp4.parts" / "000000.npz").exists():
            assert program.poll() is None
            time.sleep(0.02)
        time.sleep(0.5)
        begun = time.monotonic()
        program.send_signal(signal.SIGTERM)
        assert program.wait(60) == 0
        assert time.monotonic() - begun < 10
    with av.open(str(target)) as painted:
        assert len([*painted.decode(video=0)]) == 3
