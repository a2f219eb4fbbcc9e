"""A network of one style learns, resumes exactly, and comes out of the export as it went in."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tests.training.conftest import run_alone

from impasto import FastStylizer
from impasto.errors import ImageError, SettingsError, WeightsError
from impasto.images import Picture
from impasto.training.export import export
from impasto.training.one_style import OneStyle, any_style_answers
from impasto.training.options import StyleOptions
from impasto.training.runs import save_half
from impasto.training.single import SingleShape, SingleStyle
from impasto.training.style import PAINTER, train


@pytest.fixture
def options(folders: dict[str, str], tmp_path: Path) -> StyleOptions:
    return StyleOptions(
        photos=folders["photos"],
        painting=f"{folders['paintings']}/0.png",
        teacher=folders["teacher"],
        output=str(tmp_path / "net" / "mine.onnx"),
        size=64,
        near=8,
        far=8,
        blocks=1,
        steps=6,
        imitating=2,
        batch=2,
        crop=32,
        device="cpu",
    )


def finish(options: StyleOptions) -> dict[str, torch.Tensor]:
    list(train(options, report_every=3))
    return load_file(options.folder / PAINTER)


def test_same_seed_same_network_however_often_it_was_stopped(options: StyleOptions) -> None:
    options = replace(options, steps=4)  # two of each lesson
    whole = finish(options)
    other = replace(options, output=options.output.replace("mine", "pieces"), minutes=1e-9)
    lines = [line["step"] for _ in range(4) for line in train(other)]
    assert lines == [1, 2, 3, 4]
    pieces = load_file(other.folder / PAINTER)
    assert whole.keys() == pieces.keys()
    assert all(torch.equal(whole[name], pieces[name]) for name in whole)


def test_what_it_leaves_behind(options: StyleOptions) -> None:
    finish(options)
    folder = options.folder
    assert folder == Path(options.output).parent / "mine.training"
    assert {each.name for each in folder.glob("*.*")} == {
        *("checkpoint.safetensors", "log.csv", "log.svg", "painter.safetensors", "preview.jpg"),
    }
    assert [each.name for each in sorted((folder / "previews").iterdir())] == [
        "000003.jpg",
        "000006.jpg",
    ]
    columns = (folder / "log.csv").read_text().partition("\n")[0]
    assert columns == (
        "step,minutes,answer,style,content,flat,shift,lattice,held style,held content"
    )
    with Image.open(folder / "preview.jpg") as preview:
        assert preview.size[0] == 320


def test_it_learns_the_answers_and_then_the_style(options: StyleOptions) -> None:
    training = OneStyle(replace(options, near=16, far=32, imitating=40, steps=70))
    answers = [float(training.advance()["answer"]) for _ in range(40)]
    assert sum(answers[-10:]) < 0.6 * sum(answers[:10])
    before = training.measure()["style"]
    for _ in range(30):
        losses = training.advance()
    assert set(losses) == {"style", "content", "flat", "shift", "lattice"}
    assert training.measure()["style"] < before


def test_vgg19_judges_last(options: StyleOptions) -> None:
    training = OneStyle(replace(options, encoder="pocket+vgg19", steps=12))
    judges = []
    for training.step in range(2, 12):
        judges.append(training._judge_now())
    assert judges == ["pocket"] * 7 + ["vgg19"] * 3
    assert OneStyle(replace(options, encoder="vgg19"))._judge_now() == "vgg19"


def test_every_parameter_learns(options: StyleOptions) -> None:
    training = OneStyle(replace(options, imitating=0))
    before = {name: p.detach().clone() for name, p in training.network.named_parameters()}
    for _ in range(3):
        training.advance()
    for name, parameter in training.network.named_parameters():
        assert not torch.equal(parameter, before[name]), name


@torch.no_grad()
def test_the_answers_are_what_method_fast_paints(options: StyleOptions) -> None:
    training = OneStyle(options)
    photo, painting = training.shown[0], training.painting
    answer = any_style_answers("", painting)(photo)[0].permute(1, 2, 0).numpy()
    pixels, example = (
        Picture(x[0].permute(1, 2, 0).contiguous().numpy()) for x in (photo, painting)
    )
    stylizer = FastStylizer(example, size=64, runtime="onnxruntime", device="cpu")
    np.testing.assert_allclose(answer, stylizer.paint(pixels), atol=5e-3)


@pytest.mark.parametrize("size", [(16, 24), (37, 70), (88, 136)])
@torch.no_grad()
def test_the_export_computes_the_same(tmp_path: Path, size: tuple[int, int]) -> None:
    made = SingleStyle(SingleShape(16, 24, 2), seed=5)
    trained, network = tmp_path / "painter.safetensors", tmp_path / "made.onnx"
    save_half(made.state_dict(), "one style", trained, 0)
    made.load_state_dict({name: t.float() for name, t in load_file(trained).items()})
    assert export(trained, network) == [network]
    content = torch.rand(1, 3, *size)
    pixels = Picture(content[0].permute(1, 2, 0).contiguous().numpy())
    painted = FastStylizer([], method=str(network), runtime="onnxruntime").paint(pixels)
    cells = [-side % 8 for side in size]
    whole = torch.nn.functional.pad(content, (0, cells[1], 0, cells[0]), mode="replicate")
    expected = made(whole).clamp(0, 1)[0, :, : size[0], : size[1]].permute(1, 2, 0).numpy()
    assert np.abs(expected - pixels.pixels).mean() > 0.02
    np.testing.assert_allclose(painted, expected, atol=2e-3)


def test_the_network_is_small(tmp_path: Path) -> None:
    trained, network = tmp_path / "painter.safetensors", tmp_path / "made.onnx"
    save_half(SingleStyle(SingleShape()).state_dict(), "one style", trained, 0)
    export(trained, network)
    assert network.stat().st_size < 1e6


def test_bad_input(options: StyleOptions, tmp_path: Path) -> None:
    finish(options)
    with pytest.raises(SettingsError, match="begun with size 64"):
        list(train(replace(options, size=128)))
    other = f"{options.painting[:-5]}1.png"
    with pytest.raises(SettingsError, match="begun with another painting"):
        list(train(replace(options, painting=other)))
    taken = replace(options, output=str(tmp_path / "taken.onnx"))
    Path(taken.output).write_text("somebody's")
    with pytest.raises(SettingsError, match=r"taken\.onnx exists already: remove it or name"):
        list(train(taken))
    (tmp_path / "no.jpg").write_text("text")
    with pytest.raises(ImageError, match=r"no\.jpg"):
        OneStyle(replace(options, painting=str(tmp_path / "no.jpg")))
    with pytest.raises(WeightsError, match=r"does not end in \.onnx"):
        export(options.folder / PAINTER, tmp_path / "folder")
    with pytest.raises(SettingsError, match="name a picture of the style"):
        replace(options, painting="")
    for wrong in ({"output": "run"}, {"encoder": "vgg16"}, {"size": 24}, {"imitating": 6}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            replace(options, **wrong)


def test_what_is_missing_in_the_end_is_written(options: StyleOptions) -> None:
    finish(options)
    network = Path(options.output)
    written = network.read_bytes()
    network.unlink()
    assert list(train(options)) == []
    assert network.read_bytes() == written


def test_its_own_previews_are_no_photographs(options: StyleOptions) -> None:
    within = replace(options, output=f"{options.photos}/mine.onnx")
    count = len(OneStyle(within).photos)
    list(train(within, report_every=3))
    assert len(list(within.folder.rglob("*.jpg"))) == 3
    assert len(OneStyle(within).photos) == count
    shutil.rmtree(within.folder)
    Path(within.output).unlink()


def test_the_painting_is_read_as_by_stylize(options: StyleOptions, tmp_path: Path) -> None:
    gray = np.full((40, 60), 20000, np.uint16)
    Image.fromarray(gray).save(tmp_path / "deep.png")
    training = OneStyle(replace(options, painting=str(tmp_path / "deep.png")))
    assert training.painting.mean() == pytest.approx(20000 / 65535, abs=0.01)


def test_needs_only_torch_numpy_pillow_and_safetensors(
    options: StyleOptions, tmp_path: Path
) -> None:
    from impasto.training.painter import AnyStyle, PainterShape

    begin = tmp_path / "any.safetensors"
    save_half(AnyStyle(PainterShape(8, 8)).state_dict(), "painter", begin, 0)
    names = ("photos", "painting", "teacher", "output", "near", "far", "batch", "crop", "size")
    arguments = [f"--{name}={getattr(options, name)}" for name in names]
    steps = ["--steps=3", "--imitating=1", "--encoder=pocket+vgg19", f"--begin={begin}"]
    run = run_alone("impasto.training.style", [*arguments, *steps])
    assert run.returncode == 0, run.stderr
    assert "step 3" in run.stdout
    assert not Path(options.output).exists()
    assert export(options.folder / PAINTER, Path(options.output))
