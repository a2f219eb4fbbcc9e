import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.networks.random_vgg import random_parameters

from impasto.errors import MissingExtraError
from impasto.networks import POCKET_LAYERS
from impasto.training.loop import train
from impasto.training.options import OptionsT
from impasto.training.trainer import Trainer
from impasto.weights.vgg import VGG19_LAYERS, write_vgg19

Row = dict[str, float]
NARROW = 8
"""What the widths of the narrow teacher are divided by."""


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


@pytest.fixture(scope="session")
def narrow_vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("narrow") / "narrow-vgg.safetensors"
    write_vgg19(random_parameters(4, narrow=NARROW), path)
    return path


@pytest.fixture
def narrow_teacher(narrow_vgg: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A VGG-19 with an eighth of the channels, taken for a whole one: quicker lessons."""
    for name, (inputs, outputs) in dict(VGG19_LAYERS).items():
        fewer = inputs if inputs == 3 else inputs // NARROW, outputs // NARROW
        monkeypatch.setitem(VGG19_LAYERS, name, fewer)  # type: ignore[arg-type]
    for name, channels in dict(POCKET_LAYERS).items():
        monkeypatch.setitem(POCKET_LAYERS, name, channels // NARROW)  # type: ignore[arg-type]
    return str(narrow_vgg)


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
def _without_curves(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_given: object, **_how: object) -> None:
        raise MissingExtraError("plot", "lab")

    if "curves" not in request.fixturenames:
        monkeypatch.setattr("impasto.records.save_plot", absent)


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
