from pathlib import Path

import pytest

from impasto.evaluation.judging import Judge

TOML = """
[pairs]
contents = ["photo.png"]
styles = ["painting.png"]
[settings]
size = 48
[methods.fast]
method = "fast"
runtime = "onnxruntime"
[methods.half]
method = "fast"
runtime = "onnxruntime"
strength = 0.5
[methods.optimize]
method = "optimize"
min_size = 48
steps = [2]
"""


@pytest.fixture
def comparison(files: tuple[Path, Path]) -> Path:
    """A file that compares three methods on one pair, beside its pictures."""
    path = files[0].parent / "methods.toml"
    path.write_text(TOML)
    return path


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """A small judge: the pocket encoder."""
    monkeypatch.setenv("IMPASTO_WEIGHTS", "")
    return Judge(96)
