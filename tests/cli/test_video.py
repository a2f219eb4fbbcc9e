"""`impasto video` and `impasto flicker` from the command line."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Impasto
from tests.video.conftest import moving, write_clip
from tests.video.test_damage import overwritten
from tests.video.test_pipeline import pictures

from impasto import open_picture
from impasto.errors import SettingsError
from impasto.video.options import seconds

FAST = ("--runtime", "onnxruntime", "-q")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", moving(6), sound=True)


@pytest.mark.slow
def test_paint_and_measure(
    impasto: Impasto, clip: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    painted = tmp_path / "painted.mp4"
    outcome = impasto("video", clip, files[1], "-o", painted, *FAST)
    assert outcome.status == 0, outcome.err
    assert outcome.out == f"{painted}\n"
    again = impasto("video", clip, files[1], "-o", painted, *FAST)
    assert again.status == 1
    assert "--force replaces it" in again.only_line
    options = ("--plot", tmp_path / "f.png", "--table", tmp_path / "f.csv")
    measured = impasto("flicker", clip, painted, *options, "--heat", tmp_path / "heat.mp4")
    assert measured.status == 0, measured.err
    assert "warping error, frame to frame" in measured.out
    assert open_picture(tmp_path / "f.png").size == (960, 540)
    assert len((tmp_path / "f.csv").read_text().splitlines()) == 6
    assert (tmp_path / "heat.mp4").stat().st_size > 500


def test_a_curve_begins_at_its_first_frame(
    impasto: Impasto, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = write_clip(tmp_path / "longer.mp4", moving(11))
    drawn: list[tuple[dict[str, list[float]], range]] = []

    def save_plot(curves: dict[str, list[float]], path: Path, *, at: range, **_: object) -> Path:
        drawn.append((curves, at))
        return path

    monkeypatch.setattr("impasto.records.save_plot", save_plot)
    assert impasto("flicker", longer, longer, "--plot", tmp_path / "f.png").status == 0
    ((curves, at),) = drawn
    first = {name: at[np.isfinite(values).argmax()] for name, values in curves.items()}
    assert first == {"stylized": 2, "original": 2, "stylized, over 8": 9}
    assert {len(values) for values in curves.values()} == {len(at)} == {10}


def test_a_part_beside_the_original(
    impasto: Impasto, clip: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "frames" / "%02d.png"
    part = ("--start", "0:00.05", "--end", "0.2", "--every", 2, "--size", 48)
    outcome = impasto("video", clip, files[1], "-o", out, "--side-by-side", *part, *FAST)
    assert outcome.status == 0, outcome.err
    frames = sorted((tmp_path / "frames").iterdir())
    assert [frame.name for frame in frames] == ["01.png", "02.png"]
    assert open_picture(frames[0]).size == (96, 32)


def test_what_cannot_be_is_told_at_once(
    impasto: Impasto, clip: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = ("-o", tmp_path / "out.mp4")
    missing = impasto("video", tmp_path / "none.mp4", files[1], *out, *FAST)
    assert missing.status == 1
    assert "does not exist" in missing.only_line
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    assert "cannot be read as video" in impasto("video", text, files[1], *out, *FAST).only_line
    styleless = impasto("video", clip, *out, *FAST)
    assert styleless.status == 2
    assert "give a style picture" in styleless.only_line
    onto_itself = impasto("video", clip, files[1], "-o", clip, *FAST)
    assert onto_itself.status == 1
    assert "choose another name" in onto_itself.only_line
    untimely = impasto("video", clip, files[1], *out, "--start", "soon", *FAST)
    assert untimely.status == 2
    assert "soon is not a time" in untimely.only_line
    both = impasto("video", clip, files[1], *out, "--wipe", "--side-by-side", *FAST)
    assert both.status == 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".mov"])
def test_a_video_says_how_it_was_made(
    impasto: Impasto, clip: Path, files: tuple[Path, Path], tmp_path: Path, suffix: str
) -> None:
    painted = tmp_path / f"painted{suffix}"
    how = ("--stability", 0.5, "--wipe", "--no-sound", "--end", 0.1, "--size", 48)
    assert impasto("video", clip, files[1], "-o", painted, *how, *FAST).status == 0
    told = impasto("recipe", painted)
    assert told.status == 0, told.err
    command = told.out.splitlines()[0]
    assert command.startswith(f"impasto video clip.mp4 {files[1].name} ")
    for option in (
        "--end 0.1",
        "--stability 0.5",
        "--wipe",
        "--no-sound",
        "--size 48",
        "--method fast",
    ):
        assert option in command
    whole = json.loads(impasto("recipe", painted, "--json").out)
    assert whole["settings"]["size"] == 48
    assert whole["styles"][0]["name"] == files[1].name


def test_not_every_video_has_a_recipe(impasto: Impasto, clip: Path, tmp_path: Path) -> None:
    none = impasto("recipe", clip)
    assert none.status == 1
    assert "has no recipe" in none.only_line
    missing = impasto("recipe", tmp_path / "none.mp4")
    assert missing.status == 1
    assert "does not exist" in missing.only_line


def test_measuring_replaces_no_clip(impasto: Impasto, clip: Path, tmp_path: Path) -> None:
    before = clip.read_bytes()
    refused = impasto("flicker", clip, clip, "--heat", clip)
    assert refused.status == 1
    assert "choose another name" in refused.only_line
    assert clip.read_bytes() == before
    short = write_clip(tmp_path / "short.mp4", moving(4))
    unlike = impasto("flicker", clip, short)
    assert unlike.status == 1
    assert "have not as many frames" in unlike.only_line


@pytest.mark.slow
def test_a_damaged_clip(impasto: Impasto, files: tuple[Path, Path], tmp_path: Path) -> None:
    clip = overwritten(write_clip(tmp_path / "clip.mp4", moving(24), gop=6), 8)
    out = ("-o", tmp_path / "out.mp4", "--stability", 0)
    strict = impasto("video", clip, files[1], *out, "--strict", *FAST)
    assert strict.status == 1
    assert "clip.mp4 is damaged (without --strict, what can be read is painted)" in strict.only_line
    # The same work goes on without it.
    painted = impasto("video", clip, files[1], *out, "--resume", *FAST)
    assert painted.status == 0, painted.err
    assert painted.err == f"1 damaged packet was left out of {clip}\n"


def test_what_is_lost_is_said_before_the_work(
    impasto: Impasto, clip: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    told = impasto("video", clip, files[1], "-o", tmp_path / "out.gif", *FAST[:-1])
    assert told.status == 0
    assert told.err.splitlines()[0] == "not kept in .gif: sound (aac)"


def test_nothing_is_written_where_it_cannot_be(
    impasto: Impasto, clip: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for name in ("file/out.mp4", "file/frames/%d.png"):
        barred = impasto("video", clip, files[1], "-o", tmp_path / name, *FAST)
        assert barred.status == 1
        assert "file is not a folder" in barred.only_line


@pytest.mark.slow
def test_a_part_is_measured(
    impasto: Impasto, clip: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    painted = tmp_path / "painted.mp4"
    part = ("--start", 0.04, "--end", 0.2)
    made = impasto("video", clip, files[1], "-o", painted, *part, "--flicker", *FAST)
    assert made.status == 0
    assert made.err.startswith("warping error")
    measured = impasto("flicker", clip, painted)  # its recipe says which part
    assert measured.status == 0, measured.err
    assert "(4 frames)" in measured.out
    plain = write_clip(tmp_path / "plain.mp4", moving(6)[:5])
    assert impasto("flicker", clip, plain).status == 1
    assert impasto("flicker", clip, plain, *part).status == 0
    both = tmp_path / "both.mp4"
    assert impasto("video", clip, files[1], "-o", both, "--wipe", *FAST).status == 0
    assert "shows the original too" in impasto("flicker", clip, both).only_line


@pytest.mark.slow
def test_a_stop_says_how_it_goes_on(
    impasto: Impasto,
    clip: Path,
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from impasto.video import pipeline

    monkeypatch.setattr(pipeline, "PART", 2)
    out, run = tmp_path / "out.mp4", pipeline.VideoJob.run

    def stopped(work: pipeline.VideoJob, done: int) -> Iterator[pipeline.Progress]:
        for progress in run(work, done):
            yield progress
            if progress.done == 5:
                raise KeyboardInterrupt

    monkeypatch.setattr(pipeline.VideoJob, "run", stopped)
    ended = impasto("video", clip, files[1], "-o", out, *FAST)
    assert ended.status == 130
    folder = tmp_path / "out.mp4.parts"
    # The frames in hand are finished.
    assert re.match(r"stopped: [46] frames are in ", ended.only_line)
    assert f"{folder}; the same command with --resume continues" in ended.only_line
    monkeypatch.setattr(pipeline.VideoJob, "run", run)
    assert impasto("video", clip, files[1], "-o", out, "--resume", *FAST).status == 0
    assert not folder.exists()


#: The program, where the fifth frame takes an hour.
SLOW = """
import time
from impasto.cli import main
from impasto.video import painting, pipeline, prefetch
usual, frames = painting.FrameStylizer.__call__, []
def slow(*arguments):
    frames.append(0)
    if len(frames) == 5:
        print("slow", flush=True)
        time.sleep(3600)
    return usual(*arguments)
painting.FrameStylizer.__call__, pipeline.PART, prefetch._PATIENCE = slow, 3, 2.0
main()
"""


@pytest.mark.slow
def test_a_stop_does_not_wait_for_a_slow_frame(
    impasto: Impasto, clip: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    """What was painted plays, and is gone on from."""
    command = ["video", str(clip), str(files[1]), "-o", str(tmp_path / "out.mp4"), *FAST]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"slow\n"
        while not (tmp_path / "out.mp4.parts" / "000000.npz").exists():
            assert program.poll() is None
            time.sleep(0.1)
        begun = time.monotonic()
        program.send_signal(signal.SIGTERM)
        _, err = program.communicate(timeout=60)
        assert time.monotonic() - begun < 10
    assert program.returncode == 128 + signal.SIGTERM, err
    assert b"stopped: 3 frames are in " in err
    parts = sorted((tmp_path / "out.mp4.parts").glob("*.mp4"))
    assert [len(pictures(part)) for part in parts] in ([3], [3, 1])
    assert impasto(*command, "--resume").status == 0
    assert len(pictures(tmp_path / "out.mp4")) == 6


def test_times() -> None:
    assert seconds("83.5") == seconds("1:23.5") == seconds("0:01:23.5") == 83.5
    for wrong in ("", "1:", "a", "1:2:3:4", "-1"):
        with pytest.raises(SettingsError):
            seconds(wrong)
