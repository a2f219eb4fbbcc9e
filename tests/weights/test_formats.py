"""Three kinds of file with the same network in them, and files that are none."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from impasto.errors import SettingsError, WeightsError
from impasto.weights import VGG19_LAYERS, VggParameters, load_vgg19
from impasto.weights.vgg import InputConvention, write_vgg19

if TYPE_CHECKING:
    from tests.weights.conftest import Savers, Weights

CAFFE = InputConvention("BGR", 255.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0))
TORCHVISION = InputConvention("RGB", 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def same(parameters: VggParameters, weights: Weights) -> bool:
    return list(parameters.weights) == list(weights) and all(
        mine.dtype == np.float32 and mine.flags.c_contiguous and np.array_equal(mine, theirs)
        for name in weights
        for mine, theirs in zip(parameters.weights[name], weights[name], strict=True)
    )


def refusal(path: Path, deepest: str | None = None) -> str:
    with pytest.raises(WeightsError) as caught:
        load_vgg19(path, deepest=deepest)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert "`impasto weights fetch vgg19`" in message
    return message


def test_the_layers_are_those_of_the_paper() -> None:
    assert len(VGG19_LAYERS) == 16
    assert VGG19_LAYERS["conv1_1"] == (3, 64)
    assert VGG19_LAYERS["conv3_1"] == (128, 256)
    assert VGG19_LAYERS["conv5_4"] == (512, 512)
    count = sum(9 * inputs * outputs + outputs for inputs, outputs in VGG19_LAYERS.values())
    assert count == 20_024_384  # published for the network without its classifier


def test_all_formats_give_the_same_arrays(
    own_file: Path, keras_file: Path, torch_file: Path, small_vgg: Weights
) -> None:
    for path in (own_file, keras_file, torch_file):
        assert same(load_vgg19(path), small_vgg)
    assert load_vgg19(own_file).convention == CAFFE
    assert load_vgg19(keras_file).convention == CAFFE
    assert load_vgg19(torch_file).convention == TORCHVISION


@pytest.mark.parametrize("as_bytes", [True, False])
@pytest.mark.parametrize("root", ["/", "model_weights"])
def test_keras_files_of_every_age(
    as_bytes: bool, root: str, tmp_path: Path, small_vgg: Weights, savers: Savers
) -> None:
    path = tmp_path / "some.h5"
    savers.keras(small_vgg, path, as_bytes=as_bytes, root=root)
    assert same(load_vgg19(path), small_vgg)


def test_keras_names_of_arrays_come_from_the_attributes(
    keras_file: Path, small_vgg: Weights
) -> None:
    with h5py.File(keras_file, "r+") as file:
        group = file["block1_conv2"]
        group.attrs["weight_names"] = ["block1_conv2/kernel:0", "block1_conv2/bias:0"]
        group.move("block1_conv2_W_1:0", "block1_conv2/kernel:0")
        group.move("block1_conv2_b_1:0", "block1_conv2/bias:0")
    assert same(load_vgg19(keras_file), small_vgg)


def test_torch_files_from_before_zip(tmp_path: Path, small_vgg: Weights, savers: Savers) -> None:
    path = tmp_path / "old.pth"
    savers.torch(small_vgg, path, legacy=True)
    assert same(load_vgg19(path), small_vgg)


def test_positions_of_all_torch_layers(tmp_path: Path) -> None:
    positions = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    state = {}
    for position, (inputs, outputs) in zip(positions, VGG19_LAYERS.values(), strict=True):
        # Expanded, so that the file holds one number a layer.
        one = torch.tensor(float(position))
        state[f"features.{position}.weight"] = one.expand(outputs, inputs, 3, 3)
        state[f"features.{position}.bias"] = one.expand(outputs)
    torch.save(state, tmp_path / "all.pth")
    read = load_vgg19(tmp_path / "all.pth").weights
    assert list(read) == list(VGG19_LAYERS)
    assert [int(kernel[0, 0, 0, 0]) for kernel, _ in read.values()] == list(positions)


def test_caffe_parameters_with_torch_names_keep_their_input(
    torch_file: Path, tmp_path: Path
) -> None:
    assert load_vgg19(torch_file.rename(tmp_path / "vgg19-d01eb7cb.pth")).convention == CAFFE


def test_half_precision_becomes_float32(tmp_path: Path, small_vgg: Weights, own_file: Path) -> None:
    halves = {key: array.astype(np.float16) for key, array in load_file(own_file).items()}
    metadata = {"channel_order": "RGB", "scale": "1", "mean": "0.1,0.2,0.3", "std": "1,2,3"}
    save_file(halves, tmp_path / "half.safetensors", metadata)
    parameters = load_vgg19(tmp_path / "half.safetensors")
    assert same(parameters, small_vgg)
    assert parameters.convention == ("RGB", 1.0, (0.1, 0.2, 0.3), (1.0, 2.0, 3.0))


def test_the_normalized_network_is_known_by_its_words(
    tmp_path: Path, small_vgg: Weights, savers: Savers
) -> None:
    path = tmp_path / "n.safetensors"
    savers.own(small_vgg, path, {"input": "RGB in [0,1], minus mean (123.68,116.779,103.939)/255"})
    mean = (123.68 / 255, 116.779 / 255, 103.939 / 255)
    assert load_vgg19(path).convention == ("RGB", 1.0, mean, (1.0, 1.0, 1.0))


def test_deeper_layers_than_needed_are_not_read(
    own_file: Path, keras_file: Path, torch_file: Path, small_vgg: Weights
) -> None:
    through = {name: small_vgg[name] for name in ("conv1_1", "conv1_2")}
    for path in (own_file, keras_file, torch_file):
        assert same(load_vgg19(path, deepest="conv1_2"), through)


def test_damage_below_what_is_needed_does_not_matter(
    tmp_path: Path, small_vgg: Weights, savers: Savers
) -> None:
    damaged = {**small_vgg, "conv2_1": (np.full_like(small_vgg["conv2_1"][0], np.nan),) * 2}
    savers.keras(damaged, tmp_path / "d.h5", as_bytes=True)
    assert load_vgg19(tmp_path / "d.h5", deepest="conv1_2").weights
    assert "conv2_1" in refusal(tmp_path / "d.h5")


@pytest.mark.parametrize("parameters_of", ["own_file", "torch_file"])
def test_what_is_written_is_read_again(
    parameters_of: str, tmp_path: Path, request: pytest.FixtureRequest, small_vgg: Weights
) -> None:
    first = load_vgg19(request.getfixturevalue(parameters_of))
    write_vgg19(first, tmp_path / "new" / "copy.safetensors")
    second = load_vgg19(tmp_path / "new" / "copy.safetensors")
    assert same(second, small_vgg)
    assert second.convention == first.convention
    assert second.source == first.source
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_writing_takes_any_layout_of_memory(own_file: Path, tmp_path: Path) -> None:
    first = load_vgg19(own_file)
    turned = {
        name: (np.asfortranarray(kernel), bias) for name, (kernel, bias) in first.weights.items()
    }
    copy = VggParameters(turned, first.convention, first.source)
    write_vgg19(copy, tmp_path / "copy.safetensors")
    assert same(load_vgg19(tmp_path / "copy.safetensors"), dict(first.weights))


def test_writing_where_one_cannot(own_file: Path) -> None:
    with pytest.raises(OSError, match="below"):
        write_vgg19(load_vgg19(own_file), own_file / "below" / "a.safetensors")


@pytest.mark.parametrize("suffix", [".h5", ".pth", ".safetensors", ""])
@pytest.mark.parametrize("content", ["", "x", "<html>Not Found</html>", "a text file " * 99])
def test_text_is_refused_under_any_name(suffix: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_text(content)
    assert "neither a safetensors, a Keras .h5 nor a torch .pth file" in refusal(path)


@pytest.mark.parametrize("kind", ["own_file", "keras_file", "torch_file"])
@pytest.mark.parametrize("kept", [0.0001, 0.01, 0.5, 0.99])
def test_truncated_files_are_refused(
    kind: str, kept: float, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    refusal(path)


def test_code_in_a_pickle_is_never_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Attack:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return os.mkdir, (str(ran),)

    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Attack()))
    torch.save({"features.0.weight": Attack()}, tmp_path / "zip.pth")
    for name in ("plain.pth", "zip.pth"):
        assert "more than tensors, which is refused" in refusal(tmp_path / name)
    assert not ran.exists()
    torch.load(tmp_path / "zip.pth", weights_only=False)
    assert ran.exists()  # the attack was a real one


def test_tensors_without_names_are_refused(tmp_path: Path) -> None:
    torch.save(torch.ones(3), tmp_path / "t.pth")
    assert "a Tensor, not tensors by name" in refusal(tmp_path / "t.pth")


@pytest.mark.parametrize("kind", ["own", "keras", "torch"])
def test_another_network_is_told_by_its_gap(
    kind: str, tmp_path: Path, small_vgg: Weights, savers: Savers
) -> None:
    path = tmp_path / "other"
    partial = {name: layer for name, layer in small_vgg.items() if name != "conv1_2"}
    if kind == "own":
        savers.own(partial, path, {"input": "BGR, 0..255, minus (103.939,116.779,123.68)"})
    elif kind == "keras":
        savers.keras(partial, path, as_bytes=False)
    else:
        savers.torch(partial, path)
    assert "no layer conv1_2" in refusal(path)
    assert "no layer conv1_2" in refusal(path, deepest="conv1_1")


def test_other_shapes_are_refused(tmp_path: Path, small_vgg: Weights, savers: Savers) -> None:
    kernel, bias = small_vgg["conv1_2"]
    for wrong in ((kernel[:, :32], bias), (kernel, bias[:3]), (kernel[..., :2], bias)):
        layers = {**small_vgg, "conv1_2": tuple(map(np.ascontiguousarray, wrong))}
        savers.torch(layers, tmp_path / "s.pth")
        assert "conv1_2 has the shapes" in refusal(tmp_path / "s.pth")


@pytest.mark.parametrize(
    ("shape", "kind", "message"),
    [
        ((1 << 20, 1 << 20, 64, 64), "f4", "conv1_2 has the shapes"),
        ((3, 3, 64, 64), "S1000000000", "where numbers with a point should be"),
    ],
)
def test_a_few_bytes_that_declare_terabytes_are_not_read(
    shape: tuple[int, ...], kind: str, message: str, keras_file: Path
) -> None:
    with h5py.File(keras_file, "a") as file:
        layer = file["block1_conv2"]
        name = layer.attrs["weight_names"][0]
        del layer[name]
        layer.create_dataset(name, shape, kind, chunks=(1, 1, 1, 1))
    assert message in refusal(keras_file)


def test_whole_numbers_are_refused(own_file: Path, tmp_path: Path) -> None:
    quantized = {key: array.astype(np.int8) for key, array in load_file(own_file).items()}
    path = tmp_path / "int8.safetensors"
    save_file(quantized, path, {"input": "BGR, 0..255, minus (103.939,116.779,123.68)"})
    assert "int8" in refusal(path)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"input": "pictures"},
        {"channel_order": "GRB", "scale": "1", "mean": "0,0,0", "std": "1,1,1"},
        {"channel_order": "RGB", "scale": "1", "mean": "0,0", "std": "1,1,1"},
        {"channel_order": "RGB", "scale": "1", "mean": "0,0,0", "std": "1,1,0"},
        {"channel_order": "RGB", "scale": "nan", "mean": "0,0,0", "std": "1,1,1"},
        {"channel_order": "RGB"},
    ],
)
def test_the_input_is_never_guessed(
    metadata: dict[str, str], tmp_path: Path, small_vgg: Weights, savers: Savers
) -> None:
    savers.own(small_vgg, tmp_path / "m.safetensors", metadata)
    refusal(tmp_path / "m.safetensors")


def test_a_file_that_ends_early_or_is_not_there(own_file: Path, tmp_path: Path) -> None:
    assert "no layer conv2_2" in refusal(own_file, deepest="conv3_1")
    assert "does not exist" in refusal(tmp_path / "none.h5")
    assert "does not exist" in refusal(Path("~nouser/none.h5"))
    with pytest.raises(WeightsError, match="is a folder: name one file in it"):
        load_vgg19(tmp_path)


def test_a_layer_that_does_not_exist(own_file: Path) -> None:
    with pytest.raises(SettingsError, match="'relu1_1'; it has conv1_1 to conv5_4"):
        load_vgg19(own_file, deepest="relu1_1")


def test_the_real_network(real_weights: Path) -> None:
    path = real_weights / "vgg19.safetensors"
    if not path.is_file():
        pytest.skip(f"no {path.name} in IMPASTO_WEIGHTS")
    parameters = load_vgg19(path)
    assert list(parameters.weights) == list(VGG19_LAYERS)
    assert parameters.convention == CAFFE
    # A trained first layer has strong edges: far from noise of the same size.
    kernel = parameters.weights["conv1_1"][0]
    assert 0.05 < float(kernel.std()) < 0.5
    assert list(load_vgg19(path, deepest="conv4_2").weights)[-1] == "conv4_2"
