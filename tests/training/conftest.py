import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.training.loop import train
from impasto.training.options import OptionsT
from impasto.training.trainer import Trainer

Row = dict[str, float]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory, random_vgg: Path) -> dict[str, str]:
    """A teacher with random filters and a few pictures of noise, at several scales."""
    home = tmp_path_factory.mktemp("training")
    for name, seed in (("photos", 1), ("paintings", 2)):
        (home / name).mkdir()
        for number in range(4):
            _picture(np.random.default_rng((seed, number))).save(home / name / f"{number}.png")
    found = {name: str(home / name) for name in ("photos", "paintings")}
    return {**found, "teacher": str(random_vgg)}


def _picture(random: np.random.Generator) -> Image.Image:
    coarse = random.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((72, 48), Image.Resampling.BICUBIC)


@pytest.fixture
def output(tmp_path: Path) -> str:
    return str(tmp_path / "run")


def run_alone(module: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program where there is nothing but torch, numpy, Pillow and safetensors."""
    absent = (
        "typer", "rich", "requests", "platformdirs", "h5py", "pillow_heif", "imagecodecs",
        "tifffile", "matplotlib", "skimage", "onnx", "onnxruntime", "openvino", "scipy",
        "threadpoolctl",
    )  # fmt: skip
    code = (
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({absent}))\n"
        f"sys.argv[1:] = {list(arguments)}\n"
        f"runpy.run_module({module!r}, run_name='__main__')\n"
    )
    line = [sys.executable, "-c", code]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def reports(kind: type[Trainer[OptionsT]], options: OptionsT, every: float) -> Iterator[Row]:
    """Train, and yield the rows of the log."""
    return (row for _, row in train(kind, options, report_every=every) if row)
