"""The public surface: what `impasto` exports, and that the examples people copy do run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.video.conftest import moving, write_clip

import impasto
from impasto.errors import ImpastoError
from impasto.optimize import IterativeStylizer

ROOT = Path(__file__).parents[1]


def test_the_public_names() -> None:
    assert impasto.__all__ == [
        "ImageError",
        "ImpastoError",
        "MissingExtraError",
        "Picture",
        "RecipeError",
        "Run",
        "Settings",
        "SettingsError",
        "State",
        "StyleAugment",
        "Stylizer",
        "WeightsError",
        "__version__",
        "evaluate",
        "open_picture",
        "read_recipe",
        "reproduce",
        "stylize",
        "stylize_batch",
        "stylize_dataset",
        "stylize_video",
        "stylizer",
    ]
    for name in impasto.__all__:
        assert getattr(impasto, name) is not None
        assert name in dir(impasto)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'stylise'"):
        _ = impasto.stylise


def test_one_error_tree() -> None:
    for name in impasto.__all__:
        value = getattr(impasto, name)
        if isinstance(value, type) and issubclass(value, Exception):
            assert issubclass(value, ImpastoError)


def test_the_iterative_stylizer_is_a_stylizer(painting: NDArray[np.uint8]) -> None:
    stylizer = impasto.stylizer(painting)
    assert isinstance(stylizer, IterativeStylizer)
    contract: object = stylizer
    assert isinstance(contract, impasto.Stylizer)


@pytest.mark.slow
def test_the_one_liner(files: tuple[Path, Path], tmp_path: Path) -> None:
    picture = impasto.stylize(*files, size=48, steps=2)
    saved = picture.save(tmp_path / "out.jpg")
    assert impasto.read_recipe(saved)["settings"]["size"] == 48
    again = impasto.reproduce(saved)
    assert again.recipe == picture.recipe
    np.testing.assert_array_equal(again.pixels, picture.pixels)


def test_runs_and_pictures_show_themselves_in_notebooks(
    files: tuple[Path, Path],
) -> None:
    stylizer = impasto.stylizer(files[1], size=48, steps=1)
    run = stylizer.run(files[0])
    assert run._repr_png_().startswith(b"\x89PNG")
    assert run._repr_png_() == run.picture._repr_png_()


@pytest.mark.slow
def test_whole_jobs_have_a_function_each(files: tuple[Path, Path], tmp_path: Path) -> None:
    content, style = files
    small: Any = {"runtime": "onnxruntime", "device": "cpu"}
    out = tmp_path / "batch"
    (outcome,) = impasto.stylize_batch(content, style, out, method="fast", size=48, **small)
    assert outcome.path is not None
    assert outcome.path == out / "photo-painting.jpg"
    assert (out / "sheet.png").is_file()
    (row,) = impasto.evaluate(content, style, outcome.path, size=64)
    assert 0 < row.measured["style"] < row.photo["style"]
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "1.png").write_bytes(content.read_bytes())
    target = tmp_path / "stylized"
    assert impasto.stylize_dataset(photos, [style], target, workers=1, strength=0.5, **small) == []
    assert impasto.open_picture(target / "1.png").size == impasto.open_picture(content).size
    with pytest.raises(impasto.SettingsError, match="leave it out"):
        impasto.stylize_dataset(photos, [style], target, size=64)
    misspelled: Any = {"style_scael": 2}
    for whole in (impasto.stylize_batch, impasto.stylize_dataset):
        with pytest.raises(impasto.SettingsError, match="did you mean 'style_scale'"):
            whole(photos, [style], target, **misspelled)


@pytest.mark.slow
def test_a_clip_is_stylized(files: tuple[Path, Path], tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving(3))
    options: Any = {"runtime": "onnxruntime", "size": 48, "stability": 0.5, "start": "0:00.05"}
    made = impasto.stylize_video(clip, files[1], tmp_path / "painted.mp4", **options)
    assert made.stat().st_size > 500
    with pytest.raises(impasto.ImageError, match="exists"):
        impasto.stylize_video(clip, files[1], made, **options)
    assert impasto.stylize_video(clip, files[1], made, overwrite=True, **options) == made


@pytest.mark.slow
def test_readmes_python_runs(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run the five lines, with names and size for this place."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(files[0].parent)
    code = code.replace(".jpg", ".png").replace("size=768", "size=48, steps=2")
    exec(compile(code, "README.md", "exec"), {})
    assert Path("out.png").is_file()
    assert capsys.readouterr().out.count("\n") == 2


def test_readme_has_exactly_the_two_commands_on_its_first_screen() -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert commands == [["make", "demo"], ["make", "test"]]


#: Runs a program as it is, but for the steps that painting takes.
FEW_STEPS = """
import functools, runpy, sys
import impasto
impasto.stylizer = functools.partial(impasto.stylizer, steps=1)
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
def test_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make demo` on a fresh machine without a network."""
    for name in ("KERAS_HOME", "TORCH_HOME", "XDG_CACHE_HOME", "IMPASTO_HOME", "IMPASTO_WEIGHTS"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    monkeypatch.setenv("HOME", str(tmp_path))
    demo = str(ROOT / "examples" / "demo.py")
    command = [sys.executable, "-c", FEW_STEPS, demo, str(tmp_path / "demo.png")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("painting with pocket on")
    planned = re.findall(r"  step (\d+)/(\d+)  loss \d+\.\d+\n", run.stdout)[-1]
    assert planned[0] == planned[1]
    assert run.stdout.splitlines()[-1] == f"the picture is {(tmp_path / 'demo.png').resolve()}"
    assert impasto.open_picture(tmp_path / "demo.png").size == (512, 341)


def test_the_files_stay_small() -> None:
    """About 300 lines a file, as the house has it."""
    for path in (ROOT / "src").rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 320, path
