from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.training.conftest import reports, run_alone

from impasto.errors import ImageError, SettingsError, WeightsError
from impasto.networks import POCKET_LAYERS, build_encoder
from impasto.records import save_plot
from impasto.training.crops import Rng, batch, load_pictures, picture_paths
from impasto.training.encoder import EncoderTrainer
from impasto.training.loop import read_log, train, write_log
from impasto.training.losses import cosine_distance, style_gradient
from impasto.training.options import EncoderOptions
from impasto.training.trainer import TEACHER_LAYERS

CPU = torch.device("cpu")


@pytest.fixture
def options(folders: dict[str, str], teacher: str, output: str) -> EncoderOptions:
    return EncoderOptions(
        photos=folders["photos"],
        paintings=folders["paintings"],
        teacher=teacher,
        output=output,
        widths="4,6,8",
        ranks="4,4,4,6,6,6,6,6",
        steps=6,
        batch=4,
        crop=32,
        pool=4,
        every=2,
        frozen=0.4,
        device="cpu",
    )


def finish(options: EncoderOptions) -> dict[str, torch.Tensor]:
    list(train(EncoderTrainer, options, report_every=3))
    return load_file(Path(options.output) / "pocket.safetensors")


@pytest.mark.usefixtures("two_threads")
def test_same_seed_same_network_however_often_it_was_stopped(options: EncoderOptions) -> None:
    whole = finish(options)
    other = replace(options, output=options.output + "-in-pieces", minutes=1e-9)
    rows = [row for _ in range(6) for row in reports(EncoderTrainer, other, 3)]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    pieces = load_file(Path(other.output) / "pocket.safetensors")
    assert whole.keys() == pieces.keys()
    assert all(torch.equal(whole[name], pieces[name]) for name in whole)


def test_training_draws_nearer_to_the_teacher(options: EncoderOptions) -> None:
    options = replace(options, steps=60)
    training = EncoderTrainer(options)
    before = training.measure()
    for _ in range(60):
        training.advance()
    after = training.measure()
    assert after["relu1_1"] < 0.25 * before["relu1_1"]
    assert after["grams"] < 0.8 * before["grams"]


def test_agreement_of_gradients_teaches_trunk_and_heads(options: EncoderOptions) -> None:
    training = EncoderTrainer(options)
    image = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(8)).requires_grad_()
    features = training.student(image, TEACHER_LAYERS, 1)
    both = {name: torch.cat([f, 0.5 * f.detach()]) for name, f in features.items()}
    gradient = style_gradient(both, image, keep=True)
    cosine_distance(gradient, torch.ones_like(gradient)).mean().backward()  # type: ignore[no-untyped-call]
    for name, kernel in training.student.kernels.items():
        if name != "relu4_2":  # which has no part in the style loss
            assert kernel.grad is not None, name
            assert kernel.grad.abs().max() > 0, name


@pytest.mark.usefixtures("curves")
def test_what_comes_out_is_an_encoder(options: EncoderOptions) -> None:
    finish(options)
    path = Path(options.output) / "pocket.safetensors"
    encoder = build_encoder("pocket", list(POCKET_LAYERS), weights=path)
    features = encoder(torch.rand(1, 3, 32, 32), list(POCKET_LAYERS))
    assert all(torch.isfinite(f).all() for f in features.values())
    rows = read_log(Path(options.output) / "log.csv")
    assert [row["step"] for row in rows] == [3, 6]
    assert "<path" in (Path(options.output) / "log.svg").read_text()


def test_pool_moves_pictures_and_renews_them(options: EncoderOptions) -> None:
    training = EncoderTrainer(options)
    training.pool.left[:] = 1
    training.pool.pictures[:] = 128
    training.step = 1
    training.advance()
    assert int((training.pool.left == 0).sum()) == options.batch // 2
    drawn = training.pool.left == 0
    assert (training.pool.pictures[drawn] != 128).any()
    assert (training.pool.pictures[~drawn] == 128).all()


def test_begins_where_a_trained_file_ended(options: EncoderOptions) -> None:
    trained = finish(options)
    path = str(Path(options.output) / "pocket.safetensors")
    begun = replace(options, begin=path, frozen=1, seed=3, output=options.output + "-on")
    training = EncoderTrainer(begun)
    training.begin()
    for name, tensor in training.student.folded().items():
        expected = trained[name].float()
        # The bias of whitened kernels is what is left of two large numbers.
        torch.testing.assert_close(tensor, expected, rtol=1e-3, atol=1e-3 * float(expected.std()))


def test_begins_with_a_file_of_the_same_shape_only(options: EncoderOptions) -> None:
    finish(options)
    path = str(Path(options.output) / "pocket.safetensors")
    other = replace(options, begin=path, frozen=1, widths="4,6,16", output="other")
    with pytest.raises(SettingsError, match="other widths or ranks"):
        EncoderTrainer(other).begin()
    with pytest.raises(SettingsError, match="frozen is 1"):
        replace(options, begin=path)


def test_a_fitted_tail_answers_like_the_teacher(options: EncoderOptions) -> None:
    trained = replace(options, ranks=",".join(["24"] * 8), steps=1)
    finish(trained)
    path = str(Path(options.output) / "pocket.safetensors")
    begun = replace(trained, begin=path, frozen=1, output=options.output + "-on")
    untaught, fitted = EncoderTrainer(begun), EncoderTrainer(replace(begun, fit=24))
    untaught.begin()
    fitted.begin()
    before, after = untaught.measure(), fitted.measure()
    assert after["relu3_1"] == before["relu3_1"]  # the trunk is as it was
    for layer in ("relu4_1", "relu4_2", "relu5_1"):
        assert after[layer] < 0.5 * before[layer], layer


def test_other_options_do_not_go_on_with_a_training(options: EncoderOptions) -> None:
    list(train(EncoderTrainer, replace(options, minutes=1e-9)))
    with pytest.raises(SettingsError, match="begun with widths 4,6,8"):
        list(train(EncoderTrainer, replace(options, widths="4,6,16")))


def test_damaged_checkpoint_is_one_clear_line(options: EncoderOptions) -> None:
    Path(options.output).mkdir()
    (Path(options.output) / "checkpoint.safetensors").write_bytes(b"no tensors")
    with pytest.raises(WeightsError, match="is not a checkpoint"):
        list(train(EncoderTrainer, options))


@pytest.mark.parametrize("widths", ["a,b", "1,2,3,4", "1,2,0"])
def test_widths_must_be_three_numbers(options: EncoderOptions, widths: str) -> None:
    with pytest.raises(SettingsError, match="three whole numbers"):
        list(train(EncoderTrainer, replace(options, widths=widths)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"photos": ""},
        {"paintings": ""},
        {"steps": 0},
        {"batch": 3},
        {"pool": 1},
        {"crop": 40},
        {"frozen": 2.0},
        {"rate": -1.0},
        {"device": "tpu"},
    ],
)
def test_options_out_of_range(options: EncoderOptions, wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        replace(options, **wrong)


def test_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no pictures in"):
        load_pictures(picture_paths(tmp_path), CPU)


def test_picture_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("text")
    with pytest.raises(ImageError, match=r"text\.jpg cannot be read as a picture: take it away"):
        load_pictures(picture_paths(tmp_path), CPU)


def test_batches_follow_seed_and_step(folders: dict[str, str]) -> None:
    photos = load_pictures(picture_paths(Path(folders["photos"])), CPU)
    first, again, later = (batch(photos, photos, 4, 24, Rng(7, step, CPU)) for step in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert first.shape == (4, 3, 24, 24)
    assert first.min() >= 0
    assert first.max() <= 1


def test_the_log_drops_what_was_given_up(options: EncoderOptions) -> None:
    log = Path(options.output) / "log.csv"
    log.parent.mkdir()
    write_log([{"step": step, "minutes": 0.1, "features": 9.0} for step in (0, 1, 2)], log)
    list(train(EncoderTrainer, options, report_every=3))
    rows = read_log(log)
    assert [row["step"] for row in rows] == [0, 3, 6]
    assert rows[0]["features"] == 9


@pytest.mark.usefixtures("curves")
def test_a_log_gets_new_columns(tmp_path: Path) -> None:
    write_log([{"step": 1, "minutes": 0.1, "loss": 2.0}], tmp_path / "log.csv")
    rows = read_log(tmp_path / "log.csv")
    rows.append({"step": 2, "minutes": 0.2, "loss": 1.0, "beyond": 0.5})
    write_log(rows, tmp_path / "log.csv")
    rows = read_log(tmp_path / "log.csv")
    assert np.isnan(rows[0]["beyond"])
    assert rows[1]["beyond"] == 0.5
    assert "beyond" in (tmp_path / "log.svg").read_text()


@pytest.mark.usefixtures("curves")
def test_curves_leave_out_what_has_no_logarithm(tmp_path: Path) -> None:
    for values in ([0.0, np.nan, 1.0], [0.0, 0.0, 0.0]):
        path = save_plot(
            {"loss": values},
            tmp_path / "log.svg",
            axes=("step", "loss"),
            at=[1, 2, 3],
            logarithmic=True,
            overwrite=True,
        )
        assert "nan" not in path.read_text()


def test_needs_only_torch_numpy_pillow_and_safetensors(options: EncoderOptions) -> None:
    names = ("photos", "paintings", "teacher", "output", "widths", "ranks", "batch", "crop", "pool")
    arguments = [f"--{name}={getattr(options, name)}" for name in names]
    run = run_alone(encoder=[*arguments, "--steps=2", "--every=2"])
    assert run.returncode == 0, run.stderr
    assert "step 2" in run.stdout
