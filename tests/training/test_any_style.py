"""The any-style network learns, resumes exactly, and comes out of the export as it went in."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tests.training.conftest import reports
from torch import Tensor

from impasto.errors import ImageError, SettingsError, WeightsError
from impasto.networks.any_style import READ_LAYERS, AnyStyle, AnyStyleShape
from impasto.networks.pocket import open_pocket
from impasto.networks.whitening import coloring, roots, statistics, transferred
from impasto.settings.choices import STYLE_LAYERS
from impasto.training.any_style import SHEET, AnyStyleTrainer
from impasto.training.any_style_graph import code_length
from impasto.training.export import any_style_parameters, export, load_trained, save_half
from impasto.training.loop import train
from impasto.training.losses import FusedVgg, gram_matrices, perceptual_losses
from impasto.training.options import AnyStyleOptions
from impasto.weights import fetch
from impasto.weights.any_style import CELL, PLANES


@pytest.fixture
def options(folders: dict[str, str], output: str) -> AnyStyleOptions:
    return AnyStyleOptions(
        photos=folders["photos"],
        paintings=folders["paintings"],
        output=output,
        fine=8,
        middle=8,
        coarse=8,
        steps=6,
        pool=4,
        crop=32,
        device="cpu",
    )


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small styles, few pictures for the components, one pair to measure: all in less time."""
    few = {"SHOWN": 1, "_PICTURES": 8, "_LONGEST": 96, "_SHORTEST": 48, "_LEAST": 32}
    for name, value in few.items():
        monkeypatch.setattr(f"impasto.training.any_style.{name}", value)


def finish(options: AnyStyleOptions) -> dict[str, Tensor]:
    list(train(AnyStyleTrainer, options, report_every=3))
    return load_file(Path(options.output) / AnyStyleTrainer.product)


@pytest.mark.usefixtures("two_threads")
def test_same_seed_same_network_however_often_it_was_stopped(options: AnyStyleOptions) -> None:
    whole = finish(options)
    other = replace(options, output=options.output + "-in-pieces", minutes=1e-9)
    rows = [row for _ in range(6) for row in reports(AnyStyleTrainer, other, 3)]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    pieces = load_file(Path(other.output) / AnyStyleTrainer.product)
    assert whole.keys() == pieces.keys()
    assert all(torch.equal(whole[name], pieces[name]) for name in whole)


def test_it_learns_to_paint(options: AnyStyleOptions) -> None:
    training = AnyStyleTrainer(replace(options, steps=80, rate=0.02))
    training.begin()
    before = training.measure()
    losses = [training.advance() for _ in range(20)]
    after = training.measure()
    assert after["style"] < 0.8 * before["style"]
    assert after["content"] < before["content"]
    told = {name for each in losses for name in each}
    assert told == {
        *("style", "content", "dense", "flat", "lattice", "gram", "shift", "identity"),
        *("beyond", "scale", "outliers"),
    }


def test_every_parameter_but_those_of_the_reader_learns(options: AnyStyleOptions) -> None:
    training = AnyStyleTrainer(options)
    training.begin()
    before = {name: p.detach().clone() for name, p in training.modules.named_parameters()}
    for _ in range(3):
        training.advance()
    for name, parameter in training.modules.named_parameters():
        reads = name.startswith("network.reader.")
        assert torch.equal(parameter, before[name]) == reads, name


def test_a_new_reader_sees_principal_components(options: AnyStyleOptions) -> None:
    training = AnyStyleTrainer(options)
    training.begin()
    reader = training.network.reader
    image = torch.cat([each[None].float() / 255 for each in training.photos])
    pocket = open_pocket(fetch("pocket"), (), "", torch.float32)
    seen, known = reader(image, READ_LAYERS), pocket(image, READ_LAYERS)
    for name in READ_LAYERS:
        torch.testing.assert_close(seen[name], known[name], atol=1e-3, rtol=1e-3)
    for found in reader.maps(image):
        flat = found.transpose(0, 1).flatten(1)
        spread = flat.var(1)
        assert (spread[:-1] > 0.5 * spread[1:]).all()  # about in order: these are a few pictures
        assert 0.1 < spread.mean() < 10
    for head in (reader.fine, reader.middle):
        rows = head.weight.flatten(1)
        products = rows @ rows.T
        torch.testing.assert_close(products, torch.eye(8) * products[0, 0], atol=1e-4, rtol=1e-3)


def test_vgg19_can_judge_instead(options: AnyStyleOptions, random_vgg: Path) -> None:
    training = AnyStyleTrainer(replace(options, teacher=str(random_vgg)))
    training.begin()
    assert isinstance(training.judge, FusedVgg)
    losses = training.advance()
    assert losses["style"] > 0


def test_a_pair_that_blew_up_teaches_nothing(options: AnyStyleOptions) -> None:
    training = AnyStyleTrainer(options)
    torch.nn.init.constant_(training.network.painter.head.bias, 3.0)  # type: ignore[arg-type]
    torch.nn.init.normal_(training.network.painter.head.weight, std=9.0)
    before = {name: t.clone() for name, t in training.network.state_dict().items()}
    training.step = 30  # a new network is rough for a while
    assert training.advance() == {"outliers": 1}
    assert training.step == 31
    assert all(torch.equal(before[n], t) for n, t in training.network.state_dict().items())


def test_caps_hold_the_norms_of_kernels(options: AnyStyleOptions) -> None:
    """Convolutions and ReLU do not mind the scale of features: nothing else would hold it."""
    muon = AnyStyleTrainer(options).muon
    capped = [(k, group["cap"]) for group in muon.param_groups for k in group["params"]]
    assert sum(cap == math.inf for _, cap in capped) == 1  # the last one's scale is seen
    for group in muon.param_groups:
        group["lr"] = 0.5
    for _ in range(20):  # always in the same direction
        for kernel, _ in capped:
            kernel.grad = -kernel.detach()
        muon.step()
    for kernel, cap in capped:
        part = float(kernel.detach().norm()) / math.sqrt(2 * len(kernel))
        assert (part <= cap + 1e-4) if cap < math.inf else (part > 1.3)


def test_what_is_cut_off_is_a_loss(options: AnyStyleOptions) -> None:
    training = AnyStyleTrainer(options)
    photos = torch.rand(1, 3, 64, 64)
    grams = gram_matrices(training.judge(photos, STYLE_LAYERS))
    within = perceptual_losses(training.judge, photos, photos, grams)
    assert within["beyond"] == 0
    shifted = torch.where(photos > 0.5, photos + 2, photos)
    beyond = perceptual_losses(training.judge, shifted, photos, grams)
    assert beyond["beyond"] == pytest.approx(float((shifted - shifted.clamp(0, 1)).square().mean()))
    assert beyond["beyond"] > 1


@pytest.mark.usefixtures("curves")
def test_begins_where_a_trained_file_ended(options: AnyStyleOptions) -> None:
    trained = finish(options)
    written = {each.name for each in Path(options.output).iterdir()}
    assert written == {
        AnyStyleTrainer.product,
        SHEET,
        "checkpoint.safetensors",
        "log.csv",
        "log.svg",
    }
    begun = replace(options, begin=str(Path(options.output) / AnyStyleTrainer.product), seed=9)
    training = AnyStyleTrainer(begun)
    training.begin()
    network = training.network.state_dict()
    assert all(torch.equal(network[name], trained[name].float()) for name in trained)
    with pytest.raises(SettingsError, match="another shape"):
        AnyStyleTrainer(replace(begun, fine=16)).begin()
    with pytest.raises(SettingsError, match="begun with fine 8"):
        list(train(AnyStyleTrainer, replace(options, fine=16)))


def test_pairs_of_ones_own_are_shown(options: AnyStyleOptions, tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    photo, painting = f"{options.photos}/1.png", f"{options.paintings}/2.png"
    table.write_text(f"content,style\n{photo},{painting}\n")
    (shown,) = AnyStyleTrainer(replace(options, pairs=str(table))).shown
    assert [each.shape for each in shown] == [(1, 3, 32, 64), (1, 3, 32, 64)]
    table.write_text("a,b\n1,2\n")
    with pytest.raises(ImageError, match=r"pairs\.csv is not a table of content, style"):
        AnyStyleTrainer(replace(options, pairs=str(table)))


def test_bad_options(options: AnyStyleOptions) -> None:
    for wrong in ({"fresh": 0.0}, {"pool": 0}, {"coarse": 4}, {"fine": 300}):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            replace(options, **wrong)


@torch.no_grad()
def test_roots_of_a_matrix() -> None:
    features = torch.randn(2, 12, 12, 5, generator=torch.Generator().manual_seed(1))
    _, covariance = statistics(features)
    root, inverse = roots(covariance)
    torch.testing.assert_close(root @ root, covariance, atol=1e-4, rtol=1e-3)
    one = torch.eye(12).expand(2, 12, 12)
    torch.testing.assert_close(inverse @ covariance @ inverse, one, atol=1e-3, rtol=0)


@torch.no_grad()
def test_transferred_features_have_the_styles_statistics() -> None:
    generator = torch.Generator().manual_seed(3)
    content, style = (torch.randn(2, 6, side, 20, generator=generator) for side in (30, 40))
    style = style * torch.rand(1, 6, 1, 1, generator=generator) + style.roll(1, 1) + 0.5
    (_, wanted), given_style = statistics(style, 0, 1e-5), coloring(style, 0, 1e-5)
    given = transferred(content, given_style, 0, 1e-5)
    torch.testing.assert_close(statistics(given, 0, 1e-5)[1], wanted, atol=1e-3, rtol=0.1)
    half = transferred(content, given_style, 0, 1e-5, covariance=0.5)
    torch.testing.assert_close(half.mean((2, 3)), style.mean((2, 3)), atol=1e-4, rtol=1e-3)
    moved = transferred(content, given_style, 0, 1e-5, covariance=0)
    middle = 0.5 * (given + moved)
    torch.testing.assert_close(half, middle, atol=1e-4, rtol=1e-3)
    still = transferred(content, given_style, strength=0)
    torch.testing.assert_close(still, content, atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[AnyStyle, list[Path]]:
    """A network as it might be after training, and its export."""
    folder = tmp_path_factory.mktemp("export")
    made = AnyStyle(AnyStyleShape(16, 24, 24), seed=5)
    trained = folder / AnyStyleTrainer.product
    save_half(made.state_dict(), "any style", trained, 0)
    made.load_state_dict(load_trained(trained, "any style"))
    return made, export(trained, folder / "networks")


def whole(picture: Tensor) -> Tensor:
    below, right = (max(-side % CELL, 2 * CELL - side) for side in picture.shape[2:])
    return F.pad(picture, (0, right, 0, below), mode="replicate")


@pytest.mark.parametrize("strength", [0.3, 1.0])
@pytest.mark.parametrize("size", [(17, 24), (40, 71), (88, 137)])
@torch.no_grad()
def test_the_export_computes_the_same(
    network: tuple[AnyStyle, list[Path]], size: tuple[int, int], strength: float
) -> None:
    made, (painter, reader) = network
    content, style = torch.rand(1, 3, *size), torch.rand(1, 3, 50, 83) ** 2
    padded = whole(content)
    grain = torch.randn(1, PLANES, padded.shape[2] // 4, padded.shape[3] // 4)
    (code,) = session(reader).run(None, {"picture": pixels(style)})
    length = code_length(made.shape)
    given = {
        "picture": pixels(content),
        "code": code,
        "strength": np.array(strength, np.float32),
        "grain": grain.numpy(),
        "held": np.zeros(length, np.float32),
        "pace": np.array(1, np.float32),
    }
    painted, own = session(painter).run(None, given)
    expected = made(padded, made.encode(whole(style)), grain, strength).clamp(0, 1)
    expected = expected[:, :, : size[0], : size[1]]
    assert (expected - content).abs().mean() > 0.02
    np.testing.assert_allclose(painted, pixels(expected), atol=5e-4)
    # Held statistics that are near count for what the pace leaves; those far off are not used.
    near, far = ((own * factor).astype(np.float32) for factor in (1.05, 40.0))
    _, moved = session(painter).run(None, given | {"held": near, "pace": np.array(0, np.float32)})
    np.testing.assert_allclose(moved, near, atol=1e-4)
    _, left = session(painter).run(None, given | {"held": far, "pace": np.array(0, np.float32)})
    np.testing.assert_allclose(left, own, rtol=1e-3, atol=1e-4)


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path)


def pixels(picture: Tensor) -> np.ndarray:
    array: np.ndarray = picture.permute(0, 2, 3, 1).contiguous().numpy()
    return array


def test_what_was_exported_can_be_begun_with(
    network: tuple[AnyStyle, list[Path]], tmp_path: Path
) -> None:
    made, (painter, reader) = network
    begun, own = any_style_parameters(painter), made.state_dict()
    assert begun.keys() == own.keys()
    for name, tensor in own.items():  # the reader's kernels are in 8 bits
        near = tensor.abs().max() / 250 if name.startswith("reader.") and tensor.ndim == 4 else 0
        assert (begun[name] - tensor).abs().max() <= near, name
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(WeightsError, match=r"text\.onnx is not an \.onnx network"):
        any_style_parameters(tmp_path / "text.onnx")
    with pytest.raises(WeightsError, match=r"style_reader\.onnx is not an any-style network"):
        any_style_parameters(reader)


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    earlier = {"reader.stem.weight": torch.zeros(8, 48, 3, 3)}
    save_half(earlier, "any style", tmp_path / "earlier.safetensors", 1)
    with pytest.raises(
        WeightsError, match=r"earlier\.safetensors is of an earlier version: train it"
    ):
        export(tmp_path / "earlier.safetensors", tmp_path)
    with pytest.raises(WeightsError, match=r"cannot be read|does not exist"):
        export(tmp_path / "none.safetensors", tmp_path)
    from impasto.weights import fetch

    with pytest.raises(WeightsError, match="not what `impasto train any-style` or"):
        export(fetch("pocket"), tmp_path)
