"""Long runs: saved and gone on with, within a budget of memory, with a plan before them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from tests.optimize.test_stylizer import SMALL

from impasto.errors import ImageError, ImpastoError
from impasto.images import open_picture
from impasto.machine import parse_size
from impasto.networks import build_encoder
from impasto.optimize import IterativeStylizer, checkpoints, memory, run
from impasto.optimize.memory import Views
from impasto.optimize.plan import Octave
from impasto.settings import Settings

Array = NDArray[np.uint8]


@pytest.mark.parametrize(
    "more", [{}, {"ema": 0.8, "style_loss": "swd"}, {"optimizer": "lbfgs", "steps": (3, 14)}]
)
def test_a_run_gone_on_with_is_the_unbroken_one(
    more: dict[str, Any],
    photo: Array,
    painting: Array,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    monkeypatch.setattr(run, "SMALL", 0)
    stylizer = IterativeStylizer(painting, **{**SMALL, "steps": (3, 4), **more})
    whole = stylizer(photo).pixels
    path = tmp_path / "out.png.checkpoint"
    steps = sum(stylizer.settings.steps or ())
    for stop in (2, 4, steps - 1):
        for state in stylizer.iterate(photo, checkpoint=path):
            if state.done == stop:
                break
        assert path.exists()
        states = list(stylizer.iterate(photo, checkpoint=path))
        assert len(states) <= steps - stop + 1, stop
        np.testing.assert_array_equal(states[-1].picture.pixels, whole)
        assert not path.exists()


def test_an_octave_that_settles_is_gone_on_with(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    stylizer = IterativeStylizer(painting, size=32, min_size=32, precision="float32")
    whole = list(stylizer.iterate(photo))
    path = tmp_path / "checkpoint"
    for state in stylizer.iterate(photo, checkpoint=path):
        if state.done == 20:
            break
    last = list(stylizer.iterate(photo, checkpoint=path))[-1]
    assert last.steps == whole[-1].steps
    assert last.done == whole[-1].done > 21
    np.testing.assert_array_equal(last.picture.pixels, whole[-1].picture.pixels)


def test_a_timed_run_is_gone_on_with(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    stylizer = IterativeStylizer(painting, size=64, min_size=32, time=30)
    path = tmp_path / "checkpoint"
    for state in stylizer.iterate(photo, checkpoint=path):
        if state.octave == 2 and state.step == 3:
            break
    resumed = stylizer.iterate(photo, checkpoint=path)
    state = next(resumed)
    assert (state.octave, state.size) == (2, (64, 43))
    resumed.close()  # type: ignore[attr-defined]


def test_a_run_that_stops_where_told_leaves_no_file(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    stylizer = IterativeStylizer(painting, **SMALL, stop_after=2)
    list(stylizer.iterate(photo, checkpoint=tmp_path / "checkpoint"))
    assert not list(tmp_path.iterdir())


def test_another_runs_checkpoint_is_refused(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    path = tmp_path / "checkpoint"
    next(IterativeStylizer(painting, **SMALL).iterate(photo, checkpoint=path))
    other = IterativeStylizer(painting, **SMALL, content_weight=3)
    with pytest.raises(ImpastoError, match="of a run with other pictures or settings"):
        next(other.iterate(photo, checkpoint=path))
    path.write_bytes(b"nothing")
    with pytest.raises(ImpastoError, match="is no checkpoint"):
        next(other.iterate(photo, checkpoint=path))


def test_a_checkpoint_that_cannot_be_written_says_so_and_the_last_one_stays(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    path = tmp_path / "checkpoint"
    states = IterativeStylizer(painting, **SMALL).iterate(photo, checkpoint=path)
    next(states)
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
    (tmp_path / "other").unlink()
    before = path.read_bytes()
    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(ImageError, match=r"cannot write .*free some space"):
        next(states)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_little_memory_means_tiles_and_nearly_the_same_picture(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"size": 384, "min_size": 384, "precision": "float32", "steps": 4}
    whole = IterativeStylizer(painting, **options)(photo).pixels
    monkeypatch.setattr(memory, "LEAST_SIDE", 96)
    monkeypatch.setattr(memory, "BASE_BYTES", 0.0)
    monkeypatch.setattr(memory, "_CUT", 1.0)
    tight = IterativeStylizer(painting, **options, memory="90MB")
    planned = tight.forecast(photo)
    assert planned.sides[-1] is not None
    assert planned.bytes <= 90e6
    # Adam's first steps are as long for a gradient of nearly nothing: single pixels may differ.
    picture = tight(photo)
    assert picture.recipe is not None
    tiles: Any = picture.recipe["tiles"]
    assert tiles[:1] == list(planned.sides)
    apart = np.abs(picture.pixels - whole)
    assert np.quantile(apart, 0.999) < 0.01
    assert apart.mean() < 5e-4  # the content's features are of 16 bits there


def test_where_memory_ends_tiles_become_smaller(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int | None] = []
    real = run.take_step

    def short(objective: Any, *rest: Any) -> Any:  # noqa: ANN401
        tiles = len(objective.sight.tiles)
        seen.append(tiles)
        if tiles == 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return real(objective, *rest)

    monkeypatch.setattr(run, "take_step", short)
    options: dict[str, Any] = {"size": 224, "min_size": 224, "steps": 2}
    picture = IterativeStylizer(painting, **options)(photo)
    assert seen == [1, 4, 4]
    assert picture.size == (224, 149)


def test_tiles_end_somewhere() -> None:
    views = Views((None, 384), None, 0.0)
    smaller = views.smaller(1, 1000)
    assert smaller is not None
    assert smaller.sides == (None, 192)
    assert views.smaller(0, 300) == views._replace(sides=(144, 384))
    assert Views((96,), None, 0.0).smaller(0, 1000) is None


def test_the_forecast_is_of_the_run(photo: Array, painting: Array) -> None:
    stylizer = IterativeStylizer(painting, size=96, min_size=48, steps=(5, 4))
    forecast = stylizer.forecast(open_picture(photo))
    assert [octave.size for octave in forecast.octaves] == [(48, 32), (96, 64)]
    assert list(forecast.steps) == [5, 4]
    assert list(forecast.sides) == [None, None]
    assert 0.2e9 < forecast.bytes < 2e9
    assert 0 < forecast.seconds < 60
    assert forecast.lines()[0] == "48x32: 5 steps of pocket"
    assert "GiB; cpu" in forecast.lines()[-1]


def test_amounts_of_memory() -> None:
    assert parse_size("4GiB") == parse_size("4 G") == parse_size("4g") == 4 * 2**30
    assert parse_size("1.5GB") == 1.5e9
    assert parse_size("800mb") == 800e6
    for wrong in ("", "much", "-3GB", "4 apples", "0"):
        with pytest.raises(ImpastoError, match="say 4GiB or 800MB"):
            parse_size(wrong)
    with pytest.raises(ImpastoError, match="say 4GiB"):
        Settings(memory="lots")


def test_large_styles_are_read_in_tiles() -> None:
    octaves = [Octave((512, 384), "pocket")]

    settings = Settings(memory="1GB", style_scale=4.0)
    encoders = {"pocket": build_encoder("pocket", ["relu1_1", "relu4_1"])}
    views = memory.plan_views(octaves, encoders, settings, torch.float32, torch.device("cpu"))
    assert views.style is not None
    assert views.bytes <= 1e9


def test_no_more_memory_is_planned_with_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 1e9)
    cpu = torch.device("cpu")
    assert memory.budget_bytes(Settings(memory="100TB"), cpu) == 0.9e9
    assert memory.budget_bytes(Settings(memory="300MB"), cpu) == 300e6


def test_a_narrow_panorama_has_a_plan(painting: Array) -> None:
    wide = np.random.default_rng(0).integers(0, 256, (24, 1200, 3), dtype=np.uint8)
    stylizer = IterativeStylizer(painting, size=1200, steps=1)
    assert stylizer.forecast(wide).octaves[-1].size == (1200, 24)
