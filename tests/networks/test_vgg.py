import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.networks.random_vgg import random_parameters
from torch import Tensor

from impasto.errors import WeightsError
from impasto.networks import VGG19
from impasto.weights import VggParameters
from impasto.weights.vgg import InputConvention

LAYERS = ("conv1_1", "relu1_1", "pool1", "relu2_1", "conv3_1", "relu3_1")


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.rand((1, 3, 37, 50), generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def parameters() -> VggParameters:
    return random_parameters(5, narrow=8)


def plain_forward(parameters: VggParameters, image: Tensor) -> dict[str, Tensor]:
    """Compute features the long way: normalization first, as the parameters' convention says."""
    wanted = parameters.convention
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (wanted.mean, wanted.std))
    x = image.flip(1) if wanted.channel_order == "BGR" else image
    x = (x * wanted.scale - mean) / std
    features = {}
    for name in ("conv1_1", "conv1_2", "pool1", "conv2_1", "conv2_2", "pool2", "conv3_1"):
        if name.startswith("pool"):
            features[name] = x = F.max_pool2d(x, 2)
            continue
        kernel, bias = (torch.from_numpy(array) for array in parameters.weights[name])
        features[name] = x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, bias)
        features[name.replace("conv", "relu")] = x = F.relu(x)
    return features


@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_features_are_those_of_the_network_written_out(
    order: str, parameters: VggParameters, image: Tensor
) -> None:
    convention = InputConvention(
        channel_order="BGR" if order == "BGR" else "RGB",
        scale=255.0,
        mean=(103.9, 116.8, 123.7),
        std=(58.0, 57.0, 56.0),
    )
    given = VggParameters(parameters.weights, convention, source="a test")
    features = VGG19(given, LAYERS)(image, LAYERS)
    expected = plain_forward(given, image)
    assert set(features) == set(LAYERS)
    for name in LAYERS:
        torch.testing.assert_close(features[name], expected[name], rtol=1e-4, atol=1e-4)


def test_it_is_cut_at_the_deepest_layer(parameters: VggParameters) -> None:
    network = VGG19(parameters, ("relu2_1",))
    assert {name.rsplit("_", 1)[0] for name, _ in network.named_buffers()} == {
        "conv1_1",
        "conv1_2",
        "conv2_1",
    }


def test_layers_before_and_after_the_relu_differ(parameters: VggParameters, image: Tensor) -> None:
    features = VGG19(parameters, LAYERS)(image, LAYERS)
    assert features["conv3_1"].min() < 0
    torch.testing.assert_close(features["conv3_1"].relu(), features["relu3_1"])


def test_average_pooling(parameters: VggParameters, image: Tensor) -> None:
    network = VGG19(parameters, ("relu1_2", "pool1"), pooling="average")
    features = network(image, ("relu1_2", "pool1"))
    torch.testing.assert_close(features["pool1"], F.avg_pool2d(features["relu1_2"], 2))


def test_bfloat16_is_near_float32(parameters: VggParameters, image: Tensor) -> None:
    exact = VGG19(parameters, LAYERS)(image, LAYERS)
    rough = VGG19(parameters, LAYERS, precision=torch.bfloat16)(image, LAYERS)
    for name in LAYERS:
        assert rough[name].dtype == torch.bfloat16
        error = (rough[name].float() - exact[name]).norm() / exact[name].norm()
        assert error < 0.02, name


def test_a_flat_picture_has_flat_features_up_to_its_border(parameters: VggParameters) -> None:
    features = VGG19(parameters, ("relu3_1",))(torch.full((1, 3, 32, 32), 0.4), ("relu3_1",))
    inside = features["relu3_1"][..., 4:5, 4:5]
    torch.testing.assert_close(features["relu3_1"], inside.expand_as(features["relu3_1"]))


def test_parameters_that_end_too_early_are_told(parameters: VggParameters) -> None:
    some = {k: v for k, v in parameters.weights.items() if k < "conv3_2"}
    short = VggParameters(some, parameters.convention, source="short.h5")
    VGG19(short, ("relu3_1",))
    with pytest.raises(WeightsError, match=r"short\.h5 ends before conv3_2"):
        VGG19(short, ("relu4_1",))


def test_random_filters_follow_their_seed() -> None:
    first, again, other = (random_parameters(s, narrow=16).weights["conv4_1"][0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
