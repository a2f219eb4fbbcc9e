"""Long runs: saved and gone on with, within a budget of memory, with a plan before them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from tests.optimize.test_stylizer import SMALL

from impasto.cli import outputs
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.images import open_picture
from impasto.machine import parse_size
from impasto.optimize import IterativeRun, IterativeStylizer, loop, plan
from impasto.optimize.backward import take_step
from impasto.optimize.plan import TileSides
from impasto.optimize.schedule import Octave
from impasto.optimize.style_targets import StyleReader
from impasto.settings import Settings

Array = NDArray[np.uint8]


def resumed(stylizer: IterativeStylizer, content: Array, path: Path) -> Iterator[IterativeRun]:
    """Yield a run after each of its steps, saved in a file, and from there if it is there."""
    run = stylizer.run(content)
    kept = outputs.Outputs(path.with_name("out.png"), [], resume=True)
    assert kept.checkpoint == path
    kept.restore(run)
    for state in run:
        kept.add(state, run)
        yield run
    path.unlink(missing_ok=True)


def done(run: IterativeRun) -> int:
    assert run.state is not None
    return run.state.done


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize(
    "more", [{}, {"ema": 0.8, "style_loss": "swd"}, {"optimizer": "lbfgs", "steps": (3, 14)}]
)
@pytest.mark.slow
def test_a_run_gone_on_with_is_the_unbroken_one(
    more: dict[str, Any],
    photo: Array,
    painting: Array,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outputs, "INTERVAL", 0.0)
    monkeypatch.setattr(loop, "SMALL", 0)
    stylizer = IterativeStylizer(painting, **{**SMALL, "steps": (3, 4), **more})
    whole = stylizer(photo).pixels
    path = tmp_path / "out.png.checkpoint"
    steps = sum(stylizer.settings.steps or ())
    for stop in (2, 4, steps - 1):
        for run in resumed(stylizer, photo, path):
            if done(run) == stop:
                break
        assert path.exists()
        runs = list(resumed(stylizer, photo, path))
        assert len(runs) <= steps - stop + 1, stop
        np.testing.assert_array_equal(runs[-1].picture.pixels, whole)
        assert not path.exists()


@pytest.mark.slow
def test_an_octave_that_settles_is_gone_on_with(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "INTERVAL", 0.0)
    stylizer = IterativeStylizer(painting, size=32, min_size=32, precision="float32")
    whole = stylizer.run(photo)
    picture = whole.finish()
    path = tmp_path / "out.png.checkpoint"
    for run in resumed(stylizer, photo, path):
        if done(run) == 20:
            break
    last = list(resumed(stylizer, photo, path))[-1]
    assert last.state is not None
    assert whole.state is not None
    assert last.state.steps == whole.state.steps
    assert done(last) == done(whole) > 21
    np.testing.assert_array_equal(last.picture.pixels, picture.pixels)


@pytest.mark.slow
def test_a_timed_run_is_gone_on_with(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "INTERVAL", 0.0)
    stylizer = IterativeStylizer(painting, size=64, min_size=32, time=5)
    path = tmp_path / "out.png.checkpoint"
    for run in resumed(stylizer, photo, path):
        assert run.state is not None
        if run.state.octave == 2 and run.state.step == 3:
            break
    state = next(resumed(stylizer, photo, path)).state
    assert state is not None
    assert (state.octave, state.size) == (2, (64, 43))


def test_a_run_that_stops_where_told_leaves_no_file(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "INTERVAL", 0.0)
    stylizer = IterativeStylizer(painting, **SMALL, stop_after=2)
    list(resumed(stylizer, photo, tmp_path / "out.png.checkpoint"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("more", [{}, {"stop_after": 3}])
def test_a_run_that_had_ended_stays_as_it_was(
    more: dict[str, Any], photo: Array, painting: Array
) -> None:
    stylizer = IterativeStylizer(painting, **SMALL, **more)
    ended = stylizer.run(photo)
    pixels = ended.finish().pixels
    again = stylizer.run(photo)
    again.load_state_dict(ended.state_dict())
    assert len(list(again)) == 1
    assert done(again) == done(ended)
    np.testing.assert_array_equal(again.picture.pixels, pixels)


def test_a_state_is_the_callers(photo: Array, painting: Array) -> None:
    stylizer = IterativeStylizer(painting, **SMALL)
    assert stylizer.run(photo).state_dict() == {}
    run = stylizer.run(photo)
    next(run)
    state = run.state_dict()
    state["tensors"] = {name: each.clone() for name, each in state["tensors"].items()}
    results = []
    for _ in range(2):
        other = stylizer.run(photo)
        other.load_state_dict(state)
        results.append(other.finish().pixels)
    np.testing.assert_array_equal(results[0], results[1])
    with pytest.raises(SettingsError, match="other pictures or settings"):
        stylizer.run(photo).load_state_dict({})


def test_another_runs_checkpoint_is_refused(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "INTERVAL", 0.0)
    path = tmp_path / "out.png.checkpoint"
    next(resumed(IterativeStylizer(painting, **SMALL), photo, path))
    other = IterativeStylizer(painting, **SMALL, content_weight=3)
    with pytest.raises(ImpastoError, match="of a run with other pictures or settings"):
        next(resumed(other, photo, path))
    path.write_bytes(b"nothing")
    with pytest.raises(ImpastoError, match="is not a checkpoint"):
        next(resumed(other, photo, path))


def test_a_checkpoint_that_cannot_be_written_says_so_and_the_last_one_stays(
    photo: Array, painting: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(outputs, "INTERVAL", 0.0)
    path = tmp_path / "out.png.checkpoint"
    runs = resumed(IterativeStylizer(painting, **SMALL), photo, path)
    next(runs)
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
    (tmp_path / "other").unlink()
    before = path.read_bytes()
    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(ImageError, match=r"cannot write .*free some space"):
        next(runs)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_little_memory_means_tiles_and_nearly_the_same_picture(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"size": 256, "min_size": 256, "precision": "float32", "steps": 2}
    whole = IterativeStylizer(painting, **options)(photo).pixels
    monkeypatch.setattr(plan, "LEAST_SIDE", 64)
    monkeypatch.setattr(plan, "BASE_BYTES", 0.0)
    monkeypatch.setattr(plan, "_TILED_BYTES", 1.0)
    tight = IterativeStylizer(painting, **options, memory="90MB")
    planned = tight.run(photo).plan
    assert planned.stages[-1].side is not None
    assert planned.bytes <= 90e6
    # Adam's first steps are as long for a gradient of nearly nothing: single pixels may differ.
    picture = tight(photo)
    assert picture.recipe is not None
    tiles: Any = picture.recipe["tiles"]
    assert tiles[:1] == [stage.side for stage in planned.stages]
    apart = np.abs(picture.pixels - whole)
    # The content's features are of 16 bits there.
    assert np.quantile(apart, 0.999) < 0.004
    assert apart.mean() < 2e-4


@pytest.mark.slow
def test_where_memory_ends_tiles_become_smaller(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int | None] = []
    real = take_step

    def short(objective: Any, *rest: Any) -> Any:  # noqa: ANN401
        tiles = len(objective.tiled.tiles)
        seen.append(tiles)
        if tiles == 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return real(objective, *rest)

    monkeypatch.setattr(loop, "take_step", short)
    options: dict[str, Any] = {"size": 224, "min_size": 224, "steps": 2}
    picture = IterativeStylizer(painting, **options)(photo)
    assert seen == [1, 4, 4]
    assert picture.size == (224, 149)


def test_tiles_end_somewhere() -> None:
    views = TileSides((None, 384), None, 0.0)
    smaller = views.smaller(1, 1000)
    assert smaller is not None
    assert smaller.sides == (None, 192)
    assert views.smaller(0, 300) == views._replace(sides=(144, 384))
    assert TileSides((96,), None, 0.0).smaller(0, 1000) is None


def test_the_plan_is_of_the_run(photo: Array, painting: Array) -> None:
    stylizer = IterativeStylizer(painting, size=96, min_size=48, steps=(5, 4))
    plan = stylizer.run(open_picture(photo)).plan
    assert [stage.size for stage in plan.stages] == [(48, 32), (96, 64)]
    assert [stage.steps for stage in plan.stages] == [5, 4]
    assert [stage.side for stage in plan.stages] == [None, None]
    assert 0.2e9 < plan.bytes < 2e9
    assert 0 < plan.seconds < 60
    assert plan.lines()[0] == "48x32: 5 steps of pocket"
    assert "GiB; cpu" in plan.lines()[-1]


def test_amounts_of_memory() -> None:
    assert parse_size("4GiB") == parse_size("4 G") == parse_size("4g") == 4 * 2**30
    assert parse_size("1.5GB") == 1.5e9
    assert parse_size("800mb") == 800e6
    for wrong in ("", "much", "-3GB", "4 apples", "0"):
        with pytest.raises(ImpastoError, match="say 4GiB or 800MB"):
            parse_size(wrong)
    with pytest.raises(ImpastoError, match="say 4GiB"):
        Settings(memory="lots")


def test_large_styles_are_read_in_tiles(painting: Array) -> None:
    settings = Settings(memory="1GB", style_scale=4.0, precision="float32", device="cpu")
    reader = StyleReader(painting, settings)
    views = plan.plan_tiles([Octave((512, 384), "pocket")], reader)
    assert views.style is not None
    assert views.bytes <= 1e9


def test_no_more_memory_is_planned_with_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "free_memory", lambda: 1e9)
    cpu = torch.device("cpu")
    assert plan.budget_bytes(Settings(memory="100TB"), cpu) == 0.9e9
    assert plan.budget_bytes(Settings(memory="300MB"), cpu) == 300e6


@pytest.mark.slow
def test_a_narrow_panorama_has_a_plan(painting: Array) -> None:
    wide = np.random.default_rng(0).integers(0, 256, (24, 1200, 3), dtype=np.uint8)
    stylizer = IterativeStylizer(painting, size=1200, steps=1)
    assert stylizer.run(wide).plan.stages[-1].size == (1200, 24)
