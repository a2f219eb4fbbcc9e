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


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A few pictures of noise, at several scales."""
    home = tmp_path_factory.mktemp("training")
    for name, seed in (("photos", 1), ("paintings", 2)):
        (home / name).mkdir()
        for number in range(4):
            _picture(np.random.default_rng((seed, number))).save(home / name / f"{number}.png")
    return {name: str(home / name) for name in ("photos", "paintings")}


@pytest.fixture
def teacher(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A VGG-19 with random filters and an eighth of the channels: it teaches in less time."""
    part: int = getattr(request, "param", 8)
    parameters, path = random_parameters(4, narrow=part), tmp_path / "narrow-vgg.safetensors"
    write_vgg19(parameters, path)
    for name, (inputs, outputs) in dict(VGG19_LAYERS).items():
        fewer = inputs if inputs == 3 else inputs // part, outputs // part
        monkeypatch.setitem(VGG19_LAYERS, name, fewer)  # type: ignore[arg-type]
    for name, channels in dict(POCKET_LAYERS).items():
        monkeypatch.setitem(POCKET_LAYERS, name, channels // part)  # type: ignore[arg-type]
    return str(path)


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
        "from impasto.networks import POCKET_LAYERS\n"
        "from impasto.weights import VGG19_LAYERS\n"
        f"VGG19_LAYERS.update({dict(VGG19_LAYERS)})\n"  # as narrow as the teacher
        f"POCKET_LAYERS.update({dict(POCKET_LAYERS)})\n"
        f"sys.argv[1:] = {list(arguments)}\n"
        f"runpy.run_module({module!r}, run_name='__main__')\n"
    )
    line = [sys.executable, "-c", code]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def reports(kind: type[Trainer[OptionsT]], options: OptionsT, every: float) -> Iterator[Row]:
    """Train, and yield the rows of the log."""
    return (row for _, row in train(kind, options, report_every=every) if row)
