"""`-o` means the same everywhere: folders are made, and nothing that is there is replaced."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.cli.conftest import SMALL, Impasto
from tests.video.conftest import moving, write_clip

from impasto.files import output_path

Files = tuple[Path, Path]
ONE_PASS = ("--method", "fast", "--size", "64", "-q")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def made() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def test_what_is_a_folder(tmp_path: Path) -> None:
    for folder in ("new/", "new", "new.d/", "..", ".", str(tmp_path)):
        assert output_path(folder, "a.png") == Path(folder) / "a.png"
    assert output_path("new/b.png", "a.png") == Path("new/b.png")


@pytest.mark.parametrize(
    ("output", "path"),
    [
        ("new/", "new/photo-painting.png"),
        ("new/more", "new/more/photo-painting.png"),
        ("new/more/a.jpg", "new/more/a.jpg"),
    ],
)
@pytest.mark.slow
def test_one_picture(impasto: Impasto, files: Files, output: str, path: str) -> None:
    first = impasto("stylize", *files, "-o", output, *ONE_PASS)
    assert (first.status, first.out, first.err) == (0, f"{path}\n", "")
    assert made() == [path]
    again = impasto("reproduce", path, "-o", "again/", "--look-in", files[0].parent, "-q")
    assert again.out == f"again/{Path(path).stem}-again{Path(path).suffix}\n"


@pytest.mark.parametrize(
    ("output", "path"), [("new/", "new/clip-painting.mp4"), ("new/more/a.mkv", "new/more/a.mkv")]
)
@pytest.mark.slow
def test_a_video(impasto: Impasto, files: Files, tmp_path: Path, output: str, path: str) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving(3))
    outcome = impasto("video", clip, files[1], "-o", output, *ONE_PASS)
    assert (outcome.status, outcome.out) == (0, f"{path}\n"), outcome.err
    assert made() == [path]


@pytest.mark.slow
def test_folders_of_results(impasto: Impasto, files: Files, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    files[0].rename(tmp_path / "photos" / "photo.png")
    for command in (
        ("batch", tmp_path / "photos", "-s", files[1], "-o", "a/b", *ONE_PASS),
        ("dataset", tmp_path / "photos", files[1], "-o", "c/d", "--workers", "1", "-q"),
    ):
        assert impasto(*command).status == 0
    assert "c/d/photo.png" in made()
    assert "a/b/photo-painting.jpg" in made()
    Path("file").touch()
    barred: Sequence[tuple[object, ...]] = (
        ("batch", tmp_path / "photos", "-s", files[1], "-o", "file", *ONE_PASS),
        ("dataset", tmp_path / "photos", files[1], "-o", "file", "--workers", "1", "-q"),
        ("explore", tmp_path / "photos/photo.png", files[1], "-o", "file", *ONE_PASS),
    )
    for each in barred:
        outcome = impasto(*each)
        assert outcome.status == 1
        assert outcome.err.count("\n") == 1, outcome.err
        assert "file" in outcome.err


@pytest.mark.slow
def test_an_earlier_exploration_stays(impasto: Impasto, files: Files) -> None:
    command = ("explore", *files, "--vary", "strength=0.5,1", *SMALL[:2], "--steps", "2", "-q")
    for folder in ("looks", "looks-2", "looks-3"):
        outcome = impasto(*command, "-o", "looks")
        assert (outcome.status, outcome.out) == (0, f"{folder}/looks.png\n"), outcome.err
        before = {name: Path(name).read_bytes() for name in made()}
        assert len(before) == 5 * (1 if folder == "looks" else int(folder[-1]))
    assert impasto(*command).out == "photo-painting-looks/looks.png\n"
    assert {name: Path(name).read_bytes() for name in before} == before


def test_a_table_is_looked_at_before_the_work(impasto: Impasto, files: Files) -> None:
    Path("file").touch()
    outcome = impasto(
        *("evaluate", "-c", files[0], "-s", files[1], "-o", files[0], "--table", "file/t.csv")
    )
    assert outcome.status == 1
    assert "file is not a folder" in outcome.only_line


@pytest.mark.slow
def test_what_is_complete_is_said(impasto: Impasto, files: Files, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving(3))
    line = ("video", clip, files[1], "-o", "a.mp4", *ONE_PASS)
    assert impasto(*line).status == 0
    before = Path("a.mp4").stat()
    again = impasto(*line, "--resume")
    assert (again.status, again.out) == (0, "a.mp4\n")
    assert "a.mp4 is finished: nothing is left to resume" in again.err
    other = impasto(*line, "--resume", "--end", "0.05")
    assert other.status == 1
    assert "a.mp4 was made from something else, or otherwise" in other.only_line
    assert Path("a.mp4").stat() == before
    (tmp_path / "photos").mkdir()
    files[0].rename(tmp_path / "photos" / "photo.png")
    data = ("dataset", tmp_path / "photos", files[1], "-o", "set", "--workers", "1")
    assert "nothing is left" not in impasto(*data).err
    assert "all files are there from an earlier run" in impasto(*data).err
