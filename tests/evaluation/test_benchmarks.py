"""`make bench`: parts are run, measured and written down, also where one of them fails."""

import re
import sys
from pathlib import Path

import pytest
from benchmarks import __main__ as program
from benchmarks import measuring

from impasto.version import __version__

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it asks the system as on Unix")
#: In place of the real judge: how much brighter or darker the pictures are.
JUDGE = """
import numpy as np
from PIL import Image

STYLE = ("relu1_1",)


def load(path):
    return np.asarray(Image.open(path).convert("RGB")).mean() / 255


def vgg19(picture):
    return {"relu1_1": picture}


def gram(features):
    return features


def relative(first, second):
    return abs(first - second)


def judge(content, style, output):
    made = load(output)
    return {"style": abs(made - load(style)), "content": abs(made - load(content))}
"""


@pytest.fixture
def data(files: tuple[Path, Path]) -> Path:
    """A folder of one pair, and a judge in it."""
    folder = files[0].parent
    (folder / "pairs.csv").write_text(f"content,style\n{files[0].name},{files[1].name}\n")
    (folder / "judge.py").write_text(JUDGE)
    return folder


def written(data: Path, monkeypatch: pytest.MonkeyPatch, only: str) -> tuple[int, str]:
    """The exit status of a rehearsal, and the page."""
    page = data / "RESULTS.md"
    page.write_text("# What was there before\n")
    words = ["--judge", data / "judge.py", "--data", data, "--output", page, "--only", only]
    monkeypatch.setattr(sys, "argv", ["benchmarks", *map(str, words), "--quick"])
    return program.main(), page.read_text("utf-8")


def test_a_part_that_fails_is_said_and_the_others_go_on(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (data / "judge.py").write_text("raise OSError('the judge is ill')")
    status, page = written(data, monkeypatch, "package,quality")
    assert status == 1
    assert "What was there before" not in page
    assert re.findall("^## (.*)", page, re.MULTILINE) == ["Quality", "The package"]
    assert "**This part failed:** OSError: the judge is ill" in page
    assert "quality: failed" in capfd.readouterr().err
    size = (Path(program.ROOT) / "src/impasto/weights/bundled/pocket.safetensors").stat().st_size
    assert f"| pocket.safetensors | {size / 1e6:.1f} MB |" in page
    assert f"impasto {__version__}, Python" in page
    assert str(data) not in page


@pytest.mark.slow
def test_pairs_are_painted_and_judged(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, page = written(data, monkeypatch, "quality")
    assert status == 0
    names = ("way", "style", "content", "relu1_1", "a picture")
    rows = dict(re.findall(r"^\| (\w+[\w ]*) \| (.*) \|$", page, re.MULTILINE))
    assert rows["way"].split(" | ") == list(names[1:])
    style, content, layer, took = rows["draft"].split(" | ")
    assert 0 < float(style) == float(layer) < 1
    assert float(content) > 0
    assert re.fullmatch(r"[\d.]+ m?s", took)
    assert rows["the photo itself"].split(" | ")[1] == "0.000"
    assert re.search(rf"^\| photo × painting \| {style} / {content} \|$", page, re.MULTILINE)


def test_a_command_is_measured() -> None:
    made = measuring.run(sys.executable, "-c", "import time; time.sleep(0.3); print('painted')")
    assert made.said == "painted\n"
    assert made.seconds > 0.3
    with pytest.raises(SystemExit, match="oh no"):
        measuring.run(sys.executable, "-c", "raise SystemExit('oh no')")
    said = [measuring.seconds([each]) for each in (0.0414, 1.04, 11.24)]
    assert said == ["41 ms", "1.04 s", "11.2 s"]


def test_memory_is_that_of_the_command() -> None:
    """Measured by a small process, as all parts that measure it are."""
    text = "import sys; from benchmarks.measuring import run\n"
    text += "for n in (1, 300_000_000): print(run(sys.executable, '-c', f'b\".\" * {n}').peak)"
    small, large = map(int, measuring.run(sys.executable, "-c", text).said.split())
    assert 290e6 < large - small < 320e6
