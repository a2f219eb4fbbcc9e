"""The any-style network learns, resumes exactly, and comes out of the export as it went in."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.training.conftest import run_alone

from impasto import FastStylizer
from impasto.errors import SettingsError, WeightsError
from impasto.images import Picture
from impasto.training.any_style import Painting
from impasto.training.export import export, imported
from impasto.training.fast import train
from impasto.training.judging import lattice
from impasto.training.options import FastOptions
from impasto.training.painter import (
    AnyStyle,
    PainterShape,
    load_trained,
    roots,
    statistics,
    transferred,
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
        copying=2,
        batch=4,
        crop=32,
        device="cpu",
    )


def finish(options: FastOptions) -> dict[str, torch.Tensor]:
    list(train(options, report_every=3))
    return load_file(Path(options.output) / "painter.safetensors")


@pytest.fixture
def small_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured on the way is told, and changes nothing."""
    monkeypatch.setattr("impasto.training.any_style.ROUNDS", 1)


@pytest.mark.usefixtures("small_measurements")
def test_same_seed_same_network_however_often_it_was_stopped(options: FastOptions) -> None:
    options = replace(options, steps=4)  # two of each lesson
    whole = finish(options)
    other = replace(options, output=options.output + "-in-pieces", minutes=1e-9)
    lines = [line["step"] for _ in range(4) for line in train(other, report_every=3)]
    assert lines == [1, 2, 3, 4]
    pieces = load_file(Path(other.output) / "painter.safetensors")
    assert whole.keys() == pieces.keys()
    assert all(torch.equal(whole[name], pieces[name]) for name in whole)


def test_copies_become_better_and_then_pictures(options: FastOptions) -> None:
    training = Painting(replace(options, near=24, far=48, copying=60, steps=80))
    copies = [float(training.advance()["copy"]) for _ in range(60)]
    assert sum(copies[-10:]) < 0.75 * sum(copies[:10])
    before = training.measure()["style"]
    for _ in range(20):
        losses = training.advance()
    assert set(losses) == {"style", "content", "flat", "shift", "lattice", "identity"}
    assert training.measure()["style"] < before


def test_every_parameter_learns(options: FastOptions) -> None:
    training = Painting(options)
    for named in (training.modules.named_parameters, training.network.named_parameters):
        before = {name: p.detach().clone() for name, p in named()}
        for _ in range(options.copying):
            training.advance()
        for name, parameter in named():
            assert not torch.equal(parameter, before[name]), name


@pytest.mark.usefixtures("small_measurements")
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
def test_roots_of_a_matrix() -> None:
    features = torch.randn(2, 12, 12, 5, generator=torch.Generator().manual_seed(1))
    covariance = statistics(features).covariance
    root, inverse = roots(covariance)
    torch.testing.assert_close(root @ root, covariance, atol=1e-4, rtol=1e-3)
    one = torch.eye(12).expand(2, 12, 12)
    torch.testing.assert_close(inverse @ covariance @ inverse, one, atol=1e-3, rtol=0)


@torch.no_grad()
def test_transferred_features_have_the_styles_statistics() -> None:
    generator = torch.Generator().manual_seed(3)
    content, style = (torch.randn(2, 6, side, 20, generator=generator) for side in (30, 40))
    style = style * torch.rand(1, 6, 1, 1, generator=generator) + style.roll(1, 1) + 0.5
    wanted = statistics(style, 0, 1e-5)
    moved = transferred(content, wanted, 0, 1e-5)
    found = statistics(moved, 0, 1e-5)
    torch.testing.assert_close(found.mean, wanted.mean, atol=1e-3, rtol=0)
    torch.testing.assert_close(found.covariance, wanted.covariance, atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_painted_like_itself_it_is_a_copy() -> None:
    network, picture = AnyStyle(PainterShape(8, 8)), torch.rand(1, 3, 32, 48)
    copy = network.painter(network.reader(picture))
    painted = network(picture, network.read(picture))
    torch.testing.assert_close(painted, copy, atol=2e-3, rtol=0)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[AnyStyle, list[Path]]:
    """A network as it might be after training, and its export."""
    from impasto.training.runs import save_half

    folder = tmp_path_factory.mktemp("export")
    made = AnyStyle(PainterShape(16, 24), seed=5)
    trained = folder / "painter.safetensors"
    save_half(made.state_dict(), "painter", trained, 0)
    made.load_state_dict(load_trained(trained, "painter")[0])
    return made, export(trained, folder / "networks")


@pytest.mark.parametrize("size", [(16, 24), (40, 72), (88, 136)])
@torch.no_grad()
def test_the_export_computes_the_same(
    network: tuple[AnyStyle, list[Path]], size: tuple[int, int]
) -> None:
    made, (_, painter_path) = network
    content, style = torch.rand(1, 3, *size), torch.rand(1, 3, 48, 80) ** 2
    pixels, example = (
        Picture(x[0].permute(1, 2, 0).contiguous().numpy()) for x in (content, style)
    )
    stylizer = FastStylizer(
        example,
        size=max(size),
        style_scale=80 / max(size),
        weights=str(painter_path),
        runtime="onnxruntime",
        device="cpu",
    )
    painted = stylizer.paint(pixels)
    expected = made(content, made.read(style)).clamp(0, 1)[0].permute(1, 2, 0).numpy()
    assert np.abs(expected - pixels.pixels).mean() > 0.02
    np.testing.assert_allclose(painted, expected, atol=5e-4)


def test_what_was_exported_can_be_begun_with(
    network: tuple[AnyStyle, list[Path]], options: FastOptions, tmp_path: Path
) -> None:
    made, (_, painter) = network
    training = Painting(replace(options, near=16, far=24, copying=0, begin=str(painter)))
    training.begin()
    begun = training.network.state_dict()
    assert begun.keys() == made.state_dict().keys()
    assert all(torch.equal(begun[name], tensor) for name, tensor in made.state_dict().items())
    alone = tmp_path / "painter.onnx"
    alone.write_bytes(painter.read_bytes())
    with pytest.raises(WeightsError, match=r"reader\.onnx cannot be read: name what"):
        imported(alone)
    (tmp_path / "reader.onnx").write_bytes(painter.read_bytes())
    with pytest.raises(WeightsError, match="not what `impasto export` writes"):
        imported(alone)


def test_only_what_all_cells_share_is_alattice() -> None:
    generator = torch.Generator().manual_seed(2)
    cell = torch.rand(1, 3, 8, 8, generator=generator) - 0.5
    ramp = torch.linspace(0, 1, 128).expand(1, 3, 128, 128)
    noise = torch.rand(1, 3, 128, 128, generator=generator) - 0.5
    assert lattice(ramp) < 0.003
    assert lattice(ramp + noise) < 0.04
    assert lattice(ramp + cell.repeat(1, 1, 16, 16)) > 0.2


def test_what_is_no_painter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        export(tmp_path / "none.safetensors", tmp_path)
    from impasto.weights import fetch

    with pytest.raises(WeightsError, match="not what `impasto train fast` or"):
        export(fetch("pocket"), tmp_path)


def test_needs_only_torch_numpy_pillow_and_safetensors(options: FastOptions) -> None:
    names = ("photos", "paintings", "teacher", "output", "near", "far", "batch", "crop")
    arguments = [f"--{name}={getattr(options, name)}" for name in names]
    run = run_alone("impasto.training.fast", [*arguments, "--steps=2", "--copying=1"])
    assert run.returncode == 0, run.stderr
    assert "step 2" in run.stdout
