"""`--tune`: learned on the way, and nothing learned before all else is right."""

from pathlib import Path

import pytest
from tests.cli.conftest import Impasto

from impasto import open_picture
from impasto.fast.tuned import fitted
from impasto.weights.folders import tuned_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own; trainings see small crops of small pictures."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("impasto.fast.tuned._MOST_SIZE", 64)
    monkeypatch.setattr("impasto.fast.tuned.fitted", lambda given: fitted({"crop": 32, **given}))


@pytest.mark.slow
def test_a_picture_and_a_batch(impasto: Impasto, files: tuple[Path, Path], tmp_path: Path) -> None:
    photo, style = files
    made = tmp_path / "made.png"
    fast = ("--method", "fast", "--runtime", "onnxruntime", "--tune", 0.002, "--size", 64)
    line = ("stylize", photo, style, *fast)
    outcome = impasto(*line, "-o", made)
    assert outcome.status == 0, outcome.err
    assert f"learning {style.stem}: 0.002 minutes" in outcome.err
    assert open_picture(made).size == (64, 43)
    again = impasto(*line, "-o", made, "-f")
    assert again.status == 0
    assert "learning" not in again.err
    out = tmp_path / "out"
    outcome = impasto("batch", photo, "-s", style, "-o", out, *fast)
    assert outcome.status == 0, outcome.err
    assert "learning" not in outcome.err
    assert len(list(tuned_folder().glob("*.onnx"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("stylize", "missing.jpg", "{style}", "--method", "fast"), "missing.jpg"),
        (("stylize", "{photo}", "{style}", "--method", "fast", "--resume"), "leave --resume out"),
        (
            ("stylize", "{photo}", "{style}", "--method", "fast", "--plan"),
            "leave --plan or --tune out",
        ),
        (("stylize", "{photo}", "{style}", "{photo}", "--method", "fast"), "does not mix"),
        (("stylize", "{photo}", "{style}"), "--tune does nothing with method optimize"),
        (("video", "missing.mp4", "{style}"), "missing.mp4"),
        (("dataset", "missing", "{style}", "-o", "{out}"), "missing"),
        (("explore", "{photo}", "{style}", "--method", "fast"), "leave it out"),
    ],
)
@pytest.mark.slow
def test_what_is_wrong_is_said_before(
    impasto: Impasto,
    files: tuple[Path, Path],
    tmp_path: Path,
    line: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def learned(*_: object, **__: object) -> None:
        raise AssertionError("it began to learn")

    monkeypatch.setattr("impasto.fast.tuned.fitted", learned)
    names = {"photo": files[0], "style": files[1], "out": tmp_path / "out"}
    outcome = impasto(*(word.format(**names) for word in line), "--tune", 5)
    assert outcome.status in (1, 2)
    assert said in outcome.only_line
