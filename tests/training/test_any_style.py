"""The any-style network learns, resumes exactly, and comes out of the export as it went in."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from impasto.errors import SettingsError, WeightsError
from impasto.training.any_style import AnyStyle, Painting
from impasto.training.export import export
from impasto.training.fast import train
from impasto.training.options import FastOptions
from impasto.training.painter import (
    Painter,
    PainterShape,
    descriptor,
    load_trained,
    matching,
    recolored,
)


@pytest.fixture
def options(folders: dict[str, str], output: str) -> FastOptions:
    return FastOptions(
        photos=folders["photos"],
        paintings=folders["paintings"],
        teacher=folders["teacher"],
        output=output,
        near=8,
        far=8,
        steps=6,
        batch=4,
        crop=32,
        device="cpu",
    )


def finish(options: FastOptions) -> dict[str, torch.Tensor]:
    list(train(options, report_every=3))
    return load_file(Path(options.output) / "painter.safetensors")


def test_same_seed_same_network_however_often_it_was_stopped(options: FastOptions) -> None:
    whole = finish(options)
    other = replace(options, output=options.output + "-in-pieces", minutes=1e-9)
    lines = [line["step"] for _ in range(6) for line in train(other, report_every=3)]
    assert lines == [1, 2, 3, 4, 5, 6]
    pieces = load_file(Path(other.output) / "painter.safetensors")
    assert whole.keys() == pieces.keys()
    assert all(torch.equal(whole[name], pieces[name]) for name in whole)


def test_training_draws_nearer_to_what_it_is_judged_by(options: FastOptions) -> None:
    training = Painting(replace(options, steps=25))
    with torch.no_grad():
        training.network.painter.head.weight.mul_(100)
    before = training.measure()["style"]
    for _ in range(25):
        training.advance()
    after = training.measure()["style"]
    assert after < 0.9 * before


def test_every_parameter_learns(options: FastOptions) -> None:
    training = Painting(options)
    before = {name: p.detach().clone() for name, p in training.network.named_parameters()}
    for _ in range(2):
        training.advance()
    for name, parameter in training.network.named_parameters():
        # Normalization takes away what a bias before it adds.
        if not name.endswith(".0.bias"):
            assert not torch.equal(parameter, before[name]), name


def test_begins_where_a_trained_file_ended(options: FastOptions) -> None:
    trained = finish(options)
    begun = replace(options, begin=str(Path(options.output) / "painter.safetensors"), seed=9)
    training = Painting(begun)
    training.begin()
    network = training.network.state_dict()
    with pytest.raises(SettingsError, match="other widths"):
        Painting(replace(begun, near=16)).begin()
    assert all(torch.equal(network[name], trained[name].float()) for name in trained)
    with pytest.raises(SettingsError, match="begun with near 8"):
        list(train(replace(options, near=16)))


@torch.no_grad()
def test_an_untrained_painter_leaves_the_picture_nearly_alone() -> None:
    painter, picture = Painter(PainterShape(8, 8)), torch.rand(1, 3, 32, 48)
    numbers = painter.read(torch.rand(1, 3, 40, 40))
    assert (painter(picture, numbers) - picture).abs().mean() < 0.05


@torch.no_grad()
def test_its_own_numbers_change_nothing_on_the_way() -> None:
    painter, picture = Painter(PainterShape(8, 8)), torch.rand(1, 3, 32, 48)
    seen: list[torch.Tensor] = []
    plain = painter._through(picture, [], seen)
    painted = painter(picture, torch.cat(seen, 1))
    torch.testing.assert_close(painted, plain, atol=1e-4, rtol=0)


@torch.no_grad()
def test_matching_moves_mean_and_covariance() -> None:
    generator = torch.Generator().manual_seed(3)
    content = 0.3 + 0.2 * torch.rand(2, 3, 40, 50, generator=generator)
    style = 0.4 + 0.1 * torch.rand(2, 3, 30, 20, generator=generator)
    moved = recolored(content, *matching(content, style)).flatten(2)
    torch.testing.assert_close(moved.mean(2), style.flatten(2).mean(2), atol=1e-3, rtol=0)
    for found, wanted in zip(moved, style.flatten(2), strict=True):
        torch.testing.assert_close(torch.cov(found), torch.cov(wanted), atol=1e-4, rtol=0)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[AnyStyle, list[Path]]:
    """A network as it might be after training, and its export."""
    from impasto.training.runs import save_half

    folder = tmp_path_factory.mktemp("export")
    made = AnyStyle(PainterShape(16, 24), seed=5)
    with torch.no_grad():
        made.painter.head.weight.mul_(30)
        pictures = torch.rand(8, 3, 32, 32)
        made.reader.calibrate(descriptor(made.reader.pocket, pictures))
    trained = folder / "painter.safetensors"
    save_half(made.state_dict(), "painter", trained, 0)
    made.load_state_dict(load_trained(trained))
    return made, export(trained, folder / "networks")


@pytest.mark.parametrize("size", [(8, 8), (40, 72), (88, 136)])
@torch.no_grad()
def test_the_export_computes_the_same(
    network: tuple[AnyStyle, list[Path]], size: tuple[int, int]
) -> None:
    made, (painter_path, reader_path) = network
    content, style = torch.rand(1, 3, *size), torch.rand(1, 3, 48, 80)
    painter, reader = (onnxruntime.InferenceSession(p) for p in (painter_path, reader_path))
    (numbers,) = reader.run(None, {"style": style.permute(0, 2, 3, 1).numpy()})
    np.testing.assert_allclose(numbers, made.read(style).numpy(), atol=1e-4)
    matrix, offset = matching(content, style)
    inputs = {
        "content": content.permute(0, 2, 3, 1).numpy(),
        "matrix": matrix[0].T.numpy().copy(),
        "offset": offset[0, :, 0].numpy(),
        "numbers": numbers,
    }
    (painted,) = painter.run(None, inputs)
    expected = made(content, style).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    assert np.abs(expected - content.permute(0, 2, 3, 1).numpy()).mean() > 0.02
    np.testing.assert_allclose(painted, expected, atol=1e-4)


def test_what_is_no_painter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        export(tmp_path / "none.safetensors", tmp_path)
    from impasto.weights import fetch

    with pytest.raises(WeightsError, match="not what `impasto train fast` writes"):
        export(fetch("pocket"), tmp_path)
