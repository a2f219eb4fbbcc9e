import pytest

from impasto.errors import SettingsError
from impasto.networks import (
    canonical,
    deepest,
    pools_before,
)
from impasto.networks.vgg import LAYERS


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("relu4_2", "relu4_2"),
        ("conv4_2", "conv4_2"),
        ("block4_conv2", "relu4_2"),
        ("block5_conv4", "relu5_4"),
        ("block2_pool", "pool2"),
        (" RELU1_1 ", "relu1_1"),
    ],
)
def test_spellings(given: str, name: str) -> None:
    assert canonical(given) == name


@pytest.mark.parametrize(
    ("given", "near"),
    [("relu4_5", "relu4_"), ("rely3_1", "relu3_1"), ("block1_conv3", "relu1_"), ("conv22", "conv")],
)
def test_an_unknown_layer_is_answered_with_the_nearest(given: str, near: str) -> None:
    with pytest.raises(SettingsError, match=f"did you mean '{near}"):
        canonical(given)


def test_the_order_is_that_of_the_network() -> None:
    assert LAYERS[:6] == ("conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1", "conv2_1")
    assert LAYERS[-1] == "pool5"
    assert len(LAYERS) == 16 + 16 + 5
    assert deepest(["relu3_1", "relu1_1", "conv3_1"]) == "relu3_1"


def test_pools_before() -> None:
    assert [pools_before(x) for x in ("relu1_2", "pool1", "conv2_1", "relu5_1")] == [0, 1, 1, 4]
