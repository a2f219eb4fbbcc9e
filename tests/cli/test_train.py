"""`impasto train`: from pictures to a network that paints, and what is said on the way."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.cli.conftest import Impasto
from torch import Tensor

from impasto import open_picture
from impasto.networks.any_style import (
    AnyStyle,
    AnyStyleShape,
)
from impasto.training.export import save_half

TINY = ("--size", 64, "--crop", 32, "--minutes", 0)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        coarse = np.random.default_rng(number).integers(0, 256, (6, 9, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((72, 48)).save(folder / f"{number}.png")
    return folder


@pytest.mark.slow
def test_train_a_style_and_paint_with_it(
    impasto: Impasto, photos: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    network, begin = tmp_path / "mine.onnx", tmp_path / "any.safetensors"
    save_half(AnyStyle(AnyStyleShape(8, 8, 8)).state_dict(), "any style", begin, 0)
    line = ("train", "style", files[1], "--photos", photos, "-o", network, *TINY)
    outcome = impasto(*line, "--begin", begin, "--steps", 3)
    assert outcome.status == 0, outcome.err
    assert str(network) in outcome.out.splitlines()
    assert (tmp_path / "mine.training" / "preview.jpg").is_file()
    painted = tmp_path / "painted.png"
    fast = ("--method", network, "--size", 64, "--runtime", "onnxruntime", "-q")
    outcome = impasto("stylize", files[0], *fast, "-o", painted)
    assert outcome.status == 0, outcome.err
    assert open_picture(painted).size == (64, 43)


def test_what_a_style_cannot_be_learned_from(
    impasto: Impasto, photos: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    missing = impasto("train", "style", tmp_path / "none.jpg", "--photos", photos)
    assert missing.status == 1
    assert "none.jpg" in missing.only_line
    taken = tmp_path / "there.onnx"
    taken.write_text("mine")
    refused = impasto("train", "style", files[1], "--photos", photos, "-o", taken)
    assert refused.status == 2
    assert "exists already" in refused.only_line
    assert taken.read_text() == "mine"


def test_training_without_pictures(impasto: Impasto, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    folders = ("--photos", tmp_path / "empty", "--paintings", tmp_path / "empty")
    outcome = impasto("train", "any-style", *folders, "--output", tmp_path / "run")
    assert outcome.status == 1
    assert "there are no pictures in" in outcome.only_line
    unnamed = impasto("train", "any-style", "--output", tmp_path / "run")
    assert unnamed.status == 2
    assert "name a folder of photos" in unnamed.only_line


@pytest.mark.usefixtures("without_curves")
@pytest.mark.slow
def test_the_network_is_there_when_it_is_stopped(
    impasto: Impasto,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from impasto.training import loop
    from impasto.training.any_style import AnyStyleTrainer

    def interrupt(trainer: AnyStyleTrainer) -> dict[str, Tensor]:
        if trainer.step == 2:
            raise KeyboardInterrupt
        return advance(trainer)

    advance, product = AnyStyleTrainer.advance, tmp_path / "run" / AnyStyleTrainer.product
    small = ("--fine", 8, "--middle", 8, "--coarse", 8, "--pool", 1, "--crop", 32, "--steps", 3)
    folders = ("--photos", photos, "--paintings", photos, "--output", tmp_path / "run")
    line = ("train", "any-style", *folders, *small)
    few = {"SHOWN": 1, "_PICTURES": 8, "_LONGEST": 96, "_SHORTEST": 48, "_LEAST": 32}
    for name, value in few.items():
        monkeypatch.setattr(f"impasto.training.any_style.{name}", value)
    with monkeypatch.context() as patch:
        patch.setattr(AnyStyleTrainer, "advance", interrupt)
        early = impasto(*line)
        assert early.status == 130
        assert early.only_line == "stopped before the first report: nothing is there yet"
        patch.setattr(loop, "_FIRST_MINUTES", 0.0)
        stopped = impasto(*line)
    assert stopped.status == 130
    said = f"stopped: {product} is the network so far; the same command continues it\n"
    assert stopped.err == said
    assert impasto("export", product, "-o", tmp_path / "networks").status == 0
    resumed = impasto(*line)
    assert (resumed.status, resumed.err) == (0, "")
    assert resumed.out.startswith("step 3 ")
    assert resumed.out.endswith(f"{product}\n")
    finished = impasto(*line)
    assert (finished.status, finished.out) == (0, f"{product}\n")
    assert "is finished" in finished.err
