"""`impasto evaluate`, `compare` and `judge` from the command line."""

from pathlib import Path

import pytest
from PIL import Image
from tests.cli.conftest import Impasto
from tests.evaluation.conftest import TOML
from tests.evaluation.test_evaluating import average

SMALL = ("--size", 64)


@pytest.fixture(autouse=True)
def _pocket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", "")


@pytest.mark.slow
def test_evaluate(impasto: Impasto, files: tuple[Path, Path], tmp_path: Path) -> None:
    content, style = files
    table = tmp_path / "table.csv"
    command = ("evaluate", "-c", content, "-s", style, "-o", content, *SMALL)
    outcome = impasto(*command, "--table", table)
    assert outcome.status == 0
    assert "judged by the pocket encoder" in outcome.err
    assert "LPIPS is left out" in outcome.err
    assert outcome.out.startswith("N = 1 ")
    (ssim,) = [line for line in outcome.out.splitlines() if line.startswith("ssim")]
    assert ssim.split()[:3] == ["ssim", "↑", "1.0000"]
    assert table.read_text().count("\n") == 2
    triples = tmp_path / "triples.csv"
    triples.write_text(f"content,style,output\n{content.name},{style.name},{style.name}\n")
    assert impasto("evaluate", "--triples", triples, *SMALL, "-q").err == ""


@pytest.mark.slow
def test_a_batch_is_evaluated(impasto: Impasto, files: tuple[Path, Path], tmp_path: Path) -> None:
    """Matched by name, its sheet left out; a pattern that the shell wrote out is one option."""
    content, style = files
    other, out = tmp_path / "other.png", tmp_path / "out"
    other.write_bytes(content.read_bytes())
    fast = ("--method", "fast", "--size", 48, "--runtime", "onnxruntime", "-q")
    impasto("batch", content, other, "-s", style, content, "-o", out, *fast)
    given = ("-c", content, other, "-s", style, content, "--output", out)
    outcome = impasto("evaluate", *given, *SMALL)
    assert outcome.status == 0, outcome.err
    assert "matched by name" in outcome.err
    assert outcome.out.startswith("N = 4 ")


def test_evaluate_refuses_what_cannot_be(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path
) -> None:
    content, style = files
    missing = impasto("evaluate", "-c", content, "-s", style)
    assert missing.status == 2
    assert "--triples" in missing.only_line or "triples" in missing.only_line
    (tmp_path / "text.png").write_text("no picture")
    broken = impasto("evaluate", "-c", content, "-s", style, "-o", tmp_path / "text.png", "-q")
    assert broken.status == 1
    assert "text.png" in broken.only_line
    barred = impasto("evaluate", "-c", content, "-s", style, "-o", content, "--table", content)
    assert barred.status == 1
    assert "input" in barred.only_line


@pytest.mark.slow
def test_clips_are_measured_for_flicker(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("av")
    clip = tmp_path / "frames"
    clip.mkdir()
    for number in range(3):
        Image.open(files[0]).save(clip / f"{number:03}.png")
    made = tmp_path / "clip.mp4"
    video = ("video", clip, files[1], "-o", made, "--method", "fast", "--size", 96)
    assert impasto(*video, "-q").status == 0
    table = ("--table", tmp_path / "table.csv")
    outcome = impasto("evaluate", "-c", made, "-s", files[1], "-o", made, "-q", *table)
    assert outcome.status == 0, outcome.err
    assert outcome.out.splitlines()[1].split()[0] == "clip.mp4"
    assert (tmp_path / "table.csv").read_text().splitlines()[1].split(",")[2] == str(made)


@pytest.mark.slow
def test_compare_measures_lpips_where_it_is(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods, weights = tmp_path / "methods.toml", tmp_path / "weights"
    methods.write_text(TOML)
    weights.mkdir()
    average(weights / "lpips.onnx", 2)
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(weights))
    out = ("-o", tmp_path / "out", "--only", "fast", "--judged", 64)
    outcome = impasto("compare", methods, *out)
    assert outcome.status == 0, outcome.err
    assert "lpips" in outcome.out.splitlines()[0].lower()


@pytest.mark.slow
def test_compare_and_judge(impasto: Impasto, files: tuple[Path, Path], tmp_path: Path) -> None:
    methods, out = tmp_path / "methods.toml", tmp_path / "out"
    methods.write_text(TOML)
    command = ("compare", methods, "-o", out, "--only", "fast,half", "--judged", 64)
    outcome = impasto(*command)
    assert outcome.status == 0, outcome.err
    lines = outcome.out.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:-1]] == [
        *("| fast", "| half", "| the photo itself", "| the style itself")
    ]
    assert lines[-1] == str(out / "report.html")
    assert impasto(*command).out == outcome.out
    scores = impasto("judge", out, "--scores")
    assert scores.out.startswith("0 answers")
    unknown = impasto("compare", methods, "-o", out, "--only", "fats")
    assert unknown.status == 2
    assert "did you mean 'fast'" in unknown.only_line
    nothing = impasto("judge", tmp_path)
    assert nothing.status == 1
    assert "is no comparison" in nothing.only_line
