"""What the documents say of the API and of deployments works as it stands there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto.images import save_animation

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```(python|sh)\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)


@pytest.fixture
def surroundings(studio: str, picture: Path, tmp_path: Path) -> dict[str, str]:
    frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(3)]
    clip = save_animation(frames, tmp_path / "clip.mp4", fps=5)
    return {**os.environ, "STUDIO": studio, "PHOTO": str(picture), "CLIP": str(clip)}


@pytest.mark.parametrize(("language", "code"), BLOCKS)
def test_examples_of_the_api(
    surroundings: dict[str, str], tmp_path: Path, language: str, code: str
) -> None:
    command = [sys.executable, "-c", code] if language == "python" else ["bash", "-ec", code]
    run = subprocess.run(
        command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_the_example(surroundings: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    command = [sys.executable, str(ROOT / "examples" / "studio_api.py"), surroundings["STUDIO"]]
    command += [surroundings["PHOTO"], "mosaic", str(out)]
    run = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{out}\n"
    assert out.read_bytes().startswith(b"\xff\xd8")


def test_the_container_runs_a_command_that_there_is() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    (entry,) = (line for line in lines if line.startswith("ENTRYPOINT"))
    command = shlex.split(entry.removeprefix("ENTRYPOINT ").strip("[]").replace(",", " "))
    options = {each for each in command if each.startswith("--")}
    run = subprocess.run(
        [sys.executable, "-m", *command[:2], "--help"], capture_output=True, text=True, check=True
    )
    assert all(option in run.stdout for option in options)
    for line in lines:
        if line.startswith("COPY"):
            assert all((ROOT / name).exists() for name in line.split()[1:-1])
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    assert lines.index("USER painter") < lines.index(entry)
