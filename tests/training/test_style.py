"""The any-style network is fitted to one painting, resumes, and becomes one file."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tests.training.conftest import reports, run_alone
from torch import Tensor

from impasto.errors import ImageError, SettingsError, WeightsError
from impasto.networks.any_style import AnyStyle, AnyStyleShape
from impasto.training.any_style_graph import code_length
from impasto.training.export import CODE, export, save_half
from impasto.training.loop import train
from impasto.training.options import StyleOptions
from impasto.training.style import PREVIEW, StyleTrainer
from impasto.weights.any_style import PLANES

SHAPE = AnyStyleShape(8, 16, 16)


@pytest.fixture
def options(folders: dict[str, str], tmp_path: Path) -> StyleOptions:
    begin = tmp_path / "any.safetensors"
    save_half(AnyStyle(SHAPE, seed=3).state_dict(), "any style", begin, 0)
    return StyleOptions(
        photos=folders["photos"],
        painting=f"{folders['paintings']}/0.png",
        begin=str(begin),
        output=str(tmp_path / "net" / "mine.onnx"),
        size=64,
        steps=4,
        minutes=0,
        crop=32,
        device="cpu",
    )


def finish(options: StyleOptions) -> dict[str, Tensor]:
    list(train(StyleTrainer, options, report_every=3))
    return load_file(options.folder / StyleTrainer.product)


@pytest.mark.usefixtures("two_threads")
def test_same_seed_same_network_however_often_it_was_stopped(options: StyleOptions) -> None:
    whole = finish(options)
    other = replace(options, output=options.output.replace("mine", "pieces"))
    for _ in range(4):
        next(reports(StyleTrainer, other, 1))
    assert list(reports(StyleTrainer, other, 1)) == []
    pieces = load_file(other.folder / StyleTrainer.product)
    assert whole.keys() == pieces.keys()
    assert all(torch.equal(whole[name], pieces[name]) for name in whole)


@pytest.mark.usefixtures("curves")
def test_what_it_leaves_behind(options: StyleOptions) -> None:
    finish(options)
    folder = options.folder
    assert folder == Path(options.output).parent / "mine.training"
    assert {each.name for each in folder.iterdir()} == {
        *("checkpoint.safetensors", "log.csv", "log.svg", StyleTrainer.product, PREVIEW),
    }
    with Image.open(folder / PREVIEW) as preview:
        assert preview.size[0] == 320


def test_content_counts_more_at_first(options: StyleOptions) -> None:
    training = StyleTrainer(options)
    assert training.weights()["content"] == pytest.approx(2.2 * options.content)
    training.step = 5000
    assert training.weights()["content"] == pytest.approx(options.content, rel=1e-3)


def test_it_comes_closer_to_the_style(options: StyleOptions) -> None:
    training = StyleTrainer(replace(options, begin="", steps=30, rate=0.02))
    before = training.measure()["style"]
    for _ in range(30):
        training.advance()
    assert training.measure()["style"] < 0.9 * before


def test_time_ends_it_too(options: StyleOptions) -> None:
    timed = replace(options, steps=1000, minutes=0.02)
    lines = list(reports(StyleTrainer, timed, 1))
    assert 1 <= len(lines) < 1000
    assert lines[-1]["minutes"] >= 0.01


def test_the_network_has_the_style_within(options: StyleOptions) -> None:
    finish(options)
    session = onnxruntime.InferenceSession(options.output)
    inputs = {each.name for each in session.get_inputs()}
    assert inputs == {"picture", "strength", "grain", "held", "pace"}
    parameters = {n: t.float() for n, t in load_file(options.folder / StyleTrainer.product).items()}
    code = parameters.pop(CODE)
    made = AnyStyle(SHAPE)
    made.load_state_dict(parameters)
    content, grain = torch.rand(1, 3, 48, 64), torch.randn(1, PLANES, 12, 16)
    training = StyleTrainer(options)
    made_code = made.encode(training.style)
    flat = torch.cat([part.flatten() for each in made_code for part in each])
    torch.testing.assert_close(code, flat, atol=5e-3, rtol=5e-2)
    with torch.no_grad():
        expected = made(content, made_code, grain).clamp(0, 1)
    painted, _ = session.run(
        None,
        {
            "picture": content.permute(0, 2, 3, 1).contiguous().numpy(),
            "strength": np.array(1, np.float32),
            "grain": grain.numpy(),
            "held": np.zeros(code_length(SHAPE), np.float32),
            "pace": np.array(1, np.float32),
        },
    )
    # Its kernels have 8 bits.
    np.testing.assert_allclose(painted, expected.permute(0, 2, 3, 1).numpy(), atol=4e-2)


def test_bad_input(options: StyleOptions, tmp_path: Path) -> None:
    finish(options)
    with pytest.raises(SettingsError, match="begun with size 64"):
        list(train(StyleTrainer, replace(options, size=128)))
    other = f"{options.painting[:-5]}1.png"
    with pytest.raises(SettingsError, match="begun with another painting"):
        list(train(StyleTrainer, replace(options, painting=other)))
    taken = replace(options, output=str(tmp_path / "taken.onnx"))
    Path(taken.output).write_text("somebody's")
    with pytest.raises(SettingsError, match=r"taken\.onnx exists already: remove it or name"):
        list(train(StyleTrainer, taken))
    (tmp_path / "no.jpg").write_text("text")
    with pytest.raises(ImageError, match=r"no\.jpg"):
        StyleTrainer(replace(options, painting=str(tmp_path / "no.jpg")))
    with pytest.raises(WeightsError, match=r"does not end in \.onnx"):
        export(options.folder / StyleTrainer.product, tmp_path / "network.txt")
    with pytest.raises(SettingsError, match="name a picture of the style"):
        replace(options, painting="")
    for wrong in ({"output": "run.txt"}, {"size": 24}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            replace(options, **wrong)


def test_a_checkpoint_of_an_earlier_version_is_refused(options: StyleOptions) -> None:
    next(reports(StyleTrainer, options, 1))
    checkpoint = options.folder / "checkpoint.safetensors"
    with safe_open(checkpoint, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(checkpoint)
    del tensors["network.network.painter.to_coarse.bias"]
    save_file(tensors, checkpoint, metadata)
    with pytest.raises(WeightsError, match="is of an earlier version: remove it"):
        list(train(StyleTrainer, options))


def test_what_is_missing_in_the_end_is_written(options: StyleOptions) -> None:
    finish(options)
    network = Path(options.output)
    written = network.read_bytes()
    network.unlink()
    assert list(train(StyleTrainer, options)) == []
    assert network.read_bytes() == written


def test_its_own_previews_are_no_photographs(options: StyleOptions) -> None:
    within = replace(options, output=f"{options.photos}/mine.onnx")
    count = len(StyleTrainer(within).photos)
    list(train(StyleTrainer, within, report_every=3))
    assert len(list(within.folder.rglob("*.jpg"))) == 1
    assert len(StyleTrainer(within).photos) == count
    shutil.rmtree(within.folder)
    Path(within.output).unlink()


def test_the_painting_is_read_as_by_stylize(options: StyleOptions, tmp_path: Path) -> None:
    gray = np.full((40, 60), 20000, np.uint16)
    Image.fromarray(gray).save(tmp_path / "deep.png")
    training = StyleTrainer(replace(options, painting=str(tmp_path / "deep.png")))
    assert training.style.mean() == pytest.approx(20000 / 65535, abs=0.01)


def test_needs_only_torch_numpy_pillow_and_safetensors(
    options: StyleOptions, folders: dict[str, str], output: str
) -> None:
    names = ("photos", "painting", "output", "begin", "crop", "size", "minutes")
    style = [f"--{name}={getattr(options, name)}" for name in names]
    many = [f"--{name}={folder}" for name, folder in {**folders, "output": output}.items()]
    many += [f"--{name}=8" for name in ("fine", "middle", "coarse", "pool")]
    run = run_alone(any_style=[*many, "--crop=32", "--steps=2"], style=[*style, "--steps=3"])
    assert run.returncode == 0, run.stderr
    assert "step 2" in run.stdout
    assert "step 3" in run.stdout
    assert not Path(options.output).exists()
    assert export(options.folder / StyleTrainer.product, Path(options.output))
