"""The examples run as they are, each on small pictures, and stay short."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto.images import open_picture, save_animation

EXAMPLES = Path(__file__).parents[2] / "examples"
#: What each is given; the studio's API is with the tests of the studio, the demo with the README's.
ARGUMENTS = {
    "one_line": ("photo.png", "painting.png", "out.png"),
    "live_plot": ("photo.png", "mosaic", "out.png"),
    "own_loss": ("photo.png", "painting.png", "out.png"),
    "own_encoder": ("photo.png", "painting.png", "out.png"),
    "video": ("clip.mp4", "painting.png", "out.mp4"),
    "batch_ray": (".", "painting.png", "painted"),
    "training_loop": ("2",),
}


def test_each_is_run_and_short() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {*ARGUMENTS, "demo", "studio_api"}
    for path in EXAMPLES.glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) < 40, path


@pytest.mark.parametrize("name", ARGUMENTS)
def test_example(name: str, files: tuple[Path, Path]) -> None:
    folder = files[0].parent
    if name == "video":
        frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)]
        save_animation(frames, folder / "clip.mp4", fps=5)
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *ARGUMENTS[name]]
    surroundings = {**os.environ, "MPLBACKEND": "agg"}
    run = subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout
    made = {path.name for path in folder.rglob("*")}
    assert ARGUMENTS[name][-1] in made or name == "training_loop"
    if name == "batch_ray":
        assert open_picture(folder / "painted" / "photo.jpg").width == 256
    if name == "live_plot":
        assert "out.plot.png" in made
