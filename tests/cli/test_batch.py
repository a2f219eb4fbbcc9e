"""`impasto batch` from the command line."""

from pathlib import Path

import pytest
from tests.cli.conftest import Impasto

FAST = ("--method", "fast", "--size", 48, "--runtime", "onnxruntime", "-q")


def test_a_folder_is_painted(impasto: Impasto, files: tuple[Path, Path], tmp_path: Path) -> None:
    content, style = files
    out = tmp_path / "out"
    command = ("batch", content, "--styles", style, "-o", out, *FAST)
    outcome = impasto(*command)
    assert outcome.status == 0
    assert outcome.err == "1 painted, 0 failed\n"
    assert outcome.out.split() == [str(out / "sheet.png"), str(out / "sheet.html")]
    assert (out / "photo-painting.jpg").is_file()
    assert impasto(*command).err == "0 painted, 1 were there already, 0 failed\n"
    assert impasto(*command, "--fresh").err == "1 painted, 0 failed\n"


def test_failures_are_reported_and_told_by_the_status(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    outcome = impasto(
        "batch", files[0], tmp_path / "text.jpg", "-s", files[1], "-o", tmp_path / "out", *FAST
    )
    assert outcome.status == 1
    lines = outcome.err.splitlines()
    assert lines[0] == "1 painted, 1 failed"
    assert lines[1].startswith("  text-painting.jpg: ")
    assert lines[2] == "impasto: 1 of 2 pictures failed: see above"


@pytest.mark.slow
def test_a_bad_style_is_told_first_and_in_the_end(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(b"\xff\xd8\xff nothing")
    contents = (files[0], files[1])
    for command in ("batch", "dataset"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / "1.png").write_bytes(files[0].read_bytes())
        out = tmp_path / command
        given = (
            (*contents, "-s", files[1], cut)
            if command == "batch"
            else (tmp_path / "in", files[1], cut)
        )
        options = FAST if command == "batch" else ("--workers", 1, "-q")
        outcome = impasto(command, *given, "-o", out, *options)
        assert outcome.status == 1
        lines = outcome.err.splitlines()
        assert lines[0].startswith(f"a style is left out: {cut} is damaged")
        if command == "batch":
            assert lines[1] == "2 painted, 2 failed"
            assert " and 1 more: " in lines[2]
            assert lines[3] == "impasto: 2 of 4 pictures failed: see above"
        else:
            assert lines[1:] == ["1 files, 0 failed", "impasto: 1 styles were left out: see above"]


def test_what_cannot_be_is_told_at_once(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = ("-o", tmp_path / "out")
    assert impasto("batch", files[0], *out, *FAST).status == 2
    missing = impasto("batch", tmp_path / "*.webp", "-s", files[1], *out, *FAST)
    assert missing.status == 1
    assert "there are no pictures in" in missing.only_line
    barred = impasto("batch", files[0], "-s", files[1], "-o", files[0], *FAST)
    assert barred.status == 1
    assert "cannot be made" in barred.only_line
    odd = impasto("batch", files[0], "-s", files[1], *out, "--format", "xyz", *FAST)
    assert odd.status == 1
    assert "xyz" in odd.only_line


def test_styles_go_up_to_the_next_option(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path
) -> None:
    content, style = files
    other = tmp_path / "other.png"
    other.write_bytes(style.read_bytes())
    out = tmp_path / "out"
    outcome = impasto("batch", content, "--styles", style, other, "-s", style, "-o", out, *FAST)
    assert outcome.err == "2 painted, 0 failed\n"
    assert {each.stem for each in out.glob("*.jpg")} == {"photo-painting", "photo-other"}
    for joined in ((f"--styles={style}",), (f"-s{style}",), ("-qs", style)):
        again = impasto("batch", content, *joined, other, "-o", out, *FAST)
        assert again.err == "0 painted, 2 were there already, 0 failed\n"
    without = impasto("batch", "-s", style, content, "-o", out, *FAST)
    assert without.status == 2
    assert "Missing argument" in without.err


@pytest.mark.parametrize("command", ["batch", "dataset"])
@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--masks", "sky.png,rest"), "--masks has several, but here each picture has one style"),
        (("--style-weights", "1,2"), "--style-weights has 2 numbers for 1 style pictures"),
    ],
)
def test_options_of_several_styles_are_refused_at_the_start(
    impasto: Impasto,
    files: tuple[Path, Path],
    tmp_path: Path,
    command: str,
    option: tuple[str, str],
    said: str,
) -> None:
    given = ("batch", files[0], "-s") if command == "batch" else ("dataset", tmp_path)
    outcome = impasto(
        *given, files[1], files[1], "-o", tmp_path / "out", "--method", "fast", *option
    )
    assert outcome.status in (1, 2)
    assert said in outcome.only_line
    assert not (tmp_path / "out").exists()
