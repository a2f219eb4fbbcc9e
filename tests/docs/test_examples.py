"""The examples run as they are, each on small pictures and for few steps, and stay short."""

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from impasto.images import save_animation
from impasto.losses import STYLE_LOSSES
from impasto.optimize import schedule
from impasto.settings.encoders import ENCODER_CHOICES, ENCODERS

EXAMPLES = Path(__file__).parents[2] / "examples"
#: What each is given. Elsewhere: the studio's API with the tests of the studio, Ray with those of
#: data sets, the demo with the README's.
ARGUMENTS = {
    "one_line": ("photo.png", "painting.png", "out.png"),
    "live_plot": ("photo.png", "mosaic", "out.png"),
    "own_loss": ("photo.png", "painting.png", "out.png"),
    "own_encoder": ("photo.png", "painting.png", "out.png"),
    "video": ("clip.gif", "painting.png", "out.mp4"),
    "training_loop": ("2",),
}


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let optimizations end soon; forget the losses and encoders of examples."""
    monkeypatch.setattr(schedule, "DEFAULT_STEPS", (2, 1))
    monkeypatch.setattr(schedule, "LONE_STEPS", 2)
    yield
    STYLE_LOSSES.pop("spread", None)
    ENCODERS.pop("random", None)
    if "random" in ENCODER_CHOICES:
        ENCODER_CHOICES.remove("random")


def test_each_is_run_and_short() -> None:
    elsewhere = {"demo", "studio_api", "batch_ray"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {*ARGUMENTS, *elsewhere}
    for path in EXAMPLES.glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) < 40, path


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.slow
def test_example(
    name: str,
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(files[0].parent)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(sys, "argv", [name, *ARGUMENTS[name]])
    if name == "video":
        frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)]
        save_animation(frames, files[0].parent / "clip.gif", fps=5)
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert capsys.readouterr().out
    made = {"training_loop": "photo.png", "live_plot": "out.plot.png"}
    assert Path(made.get(name, ARGUMENTS[name][-1])).is_file()
