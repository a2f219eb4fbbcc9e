"""`impasto video` and `impasto flicker` from the command line."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Impasto
from tests.video.conftest import moving, write_clip

from impasto import open_picture
from impasto.errors import SettingsError
from impasto.video.options import seconds

FAST = ("--runtime", "onnxruntime", "-q")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", moving(6), sound=True)


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
    assert "there is no such file" in missing.only_line
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
    assert "there is no such file" in missing.only_line


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


def test_times() -> None:
    assert seconds("83.5") == seconds("1:23.5") == seconds("0:01:23.5") == 83.5
    for wrong in ("", "1:", "a", "1:2:3:4", "-1"):
        with pytest.raises(SettingsError):
            seconds(wrong)
