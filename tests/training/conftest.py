import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.networks import POCKET_LAYERS
from impasto.training.loop import train
from impasto.training.options import OptionsT
from impasto.training.trainer import Trainer
from impasto.weights import VGG19_LAYERS

Row = dict[str, float]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A few pictures of noise, at several scales."""
    home = tmp_path_factory.mktemp("training")
    for name, seed in (("photos", 1), ("paintings", 2)):
        (home / name).mkdir()
        for number in range(4):
            _picture(np.random.default_rng((seed, number))).save(home / name / f"{number}.png")
    return {name: str(home / name) for name in ("photos", "paintings")}


def _picture(random: np.random.Generator) -> Image.Image:
    coarse = random.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((72, 48), Image.Resampling.BICUBIC)


@pytest.fixture
def output(tmp_path: Path) -> str:
    return str(tmp_path / "run")


@pytest.fixture
def curves() -> None:
    """Logs are drawn, which takes longer than a lesson."""


@pytest.fixture(autouse=True)
def _curves_on_demand(request: pytest.FixtureRequest) -> None:
    if "curves" not in request.fixturenames:
        request.getfixturevalue("without_curves")


def run_alone(**programs: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run programs of `impasto.training`, one after the other in one process.

    There is nothing but torch, numpy, Pillow and safetensors.
    """
    absent = (
        "typer", "rich", "requests", "platformdirs", "h5py", "pillow_heif", "imagecodecs",
        "tifffile", "matplotlib", "skimage", "onnx", "onnxruntime", "openvino", "scipy",
        "threadpoolctl",
    )  # fmt: skip
    code = (
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({absent}))\n"
        "from impasto.networks import POCKET_LAYERS\n"
        "from impasto.weights import VGG19_LAYERS\n"
        f"VGG19_LAYERS.update({dict(VGG19_LAYERS)})\n"  # as narrow as the teacher
        f"POCKET_LAYERS.update({dict(POCKET_LAYERS)})\n"
        f"for name, arguments in {programs}.items():\n"
        "    sys.argv[1:] = arguments\n"
        "    runpy.run_module(f'impasto.training.{name}', run_name='__main__')\n"
    )
    line = [sys.executable, "-c", code]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def reports(kind: type[Trainer[OptionsT]], options: OptionsT, every: float) -> Iterator[Row]:
    """Train, and yield the rows of the log."""
    return (row for _, row in train(kind, options, report_every=every) if row)
