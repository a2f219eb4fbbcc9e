"""The network tuned to a style: made when it is first needed."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import impasto
from impasto.dataset import Dataset, DatasetOptions, stylize_dataset
from impasto.dataset.engines import local
from impasto.errors import SettingsError, WeightsError
from impasto.fast import FastStylizer
from impasto.fast.tuned import Watch, fitted, show_tunings, tuned
from impasto.gallery import open_style
from impasto.images import Picture, open_picture
from impasto.settings import Settings
from impasto.stylizers import reproduce
from impasto.training.loop import read_log
from impasto.weights.folders import tuned_folder

MINUTES = 0.002
"""A step."""
QUICK: dict[str, Any] = {"runtime": "onnxruntime"}
"""It opens networks sooner than OpenVINO."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own; trainings see small crops of small pictures."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("impasto.fast.tuned._MOST_SIZE", 64)
    monkeypatch.setattr("impasto.fast.tuned.fitted", lambda given: fitted({"crop": 32, **given}))


@pytest.fixture
def photo() -> Picture:
    return open_style("mountains", 96)


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return open_style("waves", 64).save(tmp_path / "waves.png")


@pytest.fixture
def tuned_here(without_curves: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of four steps in this process, with a report after two."""
    from impasto.training.loop import train
    from impasto.training.options import StyleOptions
    from impasto.training.style import StyleTrainer

    def here(given: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
        said: dict[str, Any] = {n: str(v) if isinstance(v, Path) else v for n, v in given.items()}
        options = StyleOptions(crop=32, steps=4, **said)
        for part, _ in train(StyleTrainer, options, report_every=2):
            yield part * given["minutes"], ""

    monkeypatch.setattr("impasto.fast.tuned.fitted", here)


@pytest.mark.slow
@pytest.mark.usefixtures("tuned_here")
def test_it_is_tuned_once_and_kept(photo: Picture, style: Path) -> None:
    plain = FastStylizer(style, size=96, **QUICK)
    first = FastStylizer(style, size=96, tune=MINUTES, **QUICK)
    (kept,) = tuned_folder().glob("*.onnx")
    assert kept.name == first.network.title
    assert kept.stat().st_size < 3e6
    made = first(photo)
    assert np.abs(made.pixels - plain(photo).pixels).mean() > 0.003
    written = kept.stat().st_mtime_ns
    again = FastStylizer(style, size=64, tune=MINUTES, strength=0.5, **QUICK)
    assert kept.stat().st_mtime_ns == written
    assert again.network.title == kept.name
    copy = Path(shutil.copy(style, style.with_name("copy.png")))
    settings = Settings(method="fast", tune=MINUTES)
    assert tuned(copy, settings) == kept
    assert tuned(copy, settings.updated(style_turn=90.0)) != kept


@pytest.mark.slow
@pytest.mark.usefixtures("tuned_here")
def test_the_recipe_tunes_again(photo: Picture, style: Path, tmp_path: Path) -> None:
    content = photo.save(tmp_path / "photo.png")
    made = impasto.stylize(content, style, method="fast", size=96, tune=MINUTES, **QUICK)
    path = made.save(tmp_path / "made.png")
    recipe = json.loads(json.dumps(made.recipe))
    assert recipe["styles"][0]["name"] == "waves.png"
    assert recipe["settings"]["tune"] == MINUTES
    assert np.array_equal(reproduce(path).pixels, made.pixels)


def test_a_style_can_be_a_network(style_network: Path, photo: Picture) -> None:
    made = FastStylizer(str(style_network), **QUICK)
    assert made(photo).size == (96, 96)
    assert made.network.title == style_network.name
    assert made.with_styles("waves").network.title == "our own any-style network"


def test_what_does_not_go_with_it(style_network: Path, style: Path, tmp_path: Path) -> None:
    matched = DatasetOptions(settings=Settings(method="fast", color="match"))
    refused: list[Callable[[], object]] = [
        lambda: FastStylizer([style, style], tune=1),
        lambda: FastStylizer(style, tune=1, color="match"),
        lambda: FastStylizer(style_network, color="match"),
        lambda: FastStylizer(style_network, style_scale=2),
        lambda: FastStylizer([style_network, style]),
        lambda: FastStylizer(style_network, tune=1),
        lambda: FastStylizer(style_network, method="adain"),
        lambda: Dataset(str(style.parent), [style_network], str(tmp_path / "o"), matched),
        lambda: Settings(method="optimize", tune=1),
        lambda: Settings(method="fast", tune=-1),
    ]
    for each in refused:
        with pytest.raises(SettingsError):
            each()
    with pytest.raises(SettingsError, match="tune"):
        Settings(method="adain", tune=1)


@pytest.mark.slow
def test_a_tuning_that_fails_says_why(
    style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What lies in the current folder is not run.
    for name in ("impasto", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    options = {"painting": style, "output": tmp_path / "x.onnx", "size": 8}
    with pytest.raises(SettingsError, match="size is at least 32"):
        list(fitted(options))
    broken = tmp_path / "any_style.onnx"
    broken.write_text("no network")
    with pytest.raises(WeightsError, match=r"is not an .onnx network, or it is damaged"):
        tuned(style, Settings(method="fast", tune=MINUTES, weights=str(broken)))
    assert not list(tuned_folder().glob("*.onnx"))


@pytest.mark.slow
def test_a_tuning_that_is_left_ends_at_once(style: Path, tmp_path: Path) -> None:
    options = {"painting": style, "output": tmp_path / "x.onnx", "size": 32, "crop": 32}
    tuning = fitted({**options, "minutes": 0.1})
    next(line for _, line in tuning if line)  # it is at work
    begun = time.monotonic()
    tuning.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 5


@pytest.mark.slow
@pytest.mark.usefixtures("tuned_here")
def test_a_tuning_that_was_stopped_goes_on(style: Path) -> None:
    settings = Settings(method="fast", tune=5)
    logs: list[list[dict[str, float]]] = []
    seen: list[tuple[str, float]] = []

    def watch(_spent: float) -> None:
        for log in tuned_folder().glob("*.part/style.training/log.csv"):
            logs.append(read_log(log))
            if len(seen) == 1:
                raise KeyboardInterrupt

    @contextmanager
    def show(name: str, minutes: float) -> Iterator[Watch]:
        seen.append((name, minutes))
        yield watch

    show_tunings(show)
    with pytest.raises(KeyboardInterrupt):
        tuned(style, settings)
    assert not list(tuned_folder().glob("*.onnx"))
    (part,) = tuned_folder().glob("*.part")
    path = tuned(style, settings)
    show_tunings()
    assert seen == [("waves", 5)] * 2
    assert path.is_file()
    assert not part.exists()
    assert [row["step"] for row in logs[-1]] == [2, 4]
    assert logs[-1][:1] == logs[0]


def test_a_data_set_is_painted_with_it(style_network: Path, photo: Picture, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    photo.save(folder / "0.png")
    out = tmp_path / "out"
    options = DatasetOptions(settings=Settings(method="fast", runtime="onnxruntime"))
    assert stylize_dataset(str(folder), [style_network], str(out), options, local, 1) == []
    made = open_picture(out / "0.png").pixels
    wanted = FastStylizer(style_network, size=128, runtime="onnxruntime").paint(photo)
    assert np.abs(made - wanted).mean() < 0.01


@pytest.mark.slow
@pytest.mark.usefixtures("tuned_here")
def test_a_data_set_is_tuned_to_its_styles_first(
    style: Path, photo: Picture, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    photo.save(folder / "0.png")
    settings = Settings(method="fast", runtime="onnxruntime", tune=MINUTES, style_scale=0.5)
    dataset = Dataset(str(folder), [style], str(tmp_path / "out"), DatasetOptions(settings))
    (kept,) = tuned_folder().glob("*.onnx")
    assert [look.name for look in dataset.job.styles] == [kept.name]
    assert [row.status for row in dataset.run(local, 1)] == ["painted"]
