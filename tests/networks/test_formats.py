"""The same network written in three formats gives the same features for the same picture."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from tests.networks.random_vgg import random_parameters
from tests.weights.conftest import Weights, save_keras, save_own, save_torch

from impasto.images import open_picture
from impasto.networks import build_encoder
from impasto.optimize import IterativeStylizer

LAYERS = ("relu1_1", "conv1_2", "relu2_1")
CAFFE_MEAN = np.array([103.939, 116.779, 123.68])  # BGR
TORCH_MEAN, TORCH_STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])  # RGB


def seeded_vgg() -> Weights:
    """Return VGG-19 to conv2_1, for Caffe's input: BGR, 0 to 255, minus the mean."""
    weights = random_parameters(11).weights
    kernel, bias = weights["conv1_1"]
    return {
        "conv1_1": (kernel / np.float32(60), bias),
        "conv1_2": weights["conv1_2"],
        "conv2_1": weights["conv2_1"],
    }


def for_torchvision(weights: Weights) -> Weights:
    """Return the same function with torchvision's input: RGB, normalized by its mean and std."""
    kernel, bias = (array.astype(np.float64) for array in weights["conv1_1"])
    rgb = kernel[:, ::-1]
    shift = CAFFE_MEAN[::-1] - 255 * TORCH_MEAN
    moved = bias - (rgb * shift.reshape(1, 3, 1, 1)).sum((1, 2, 3))
    scaled = rgb * (255 * TORCH_STD).reshape(1, 3, 1, 1)
    return {**weights, "conv1_1": (scaled.astype(np.float32), moved.astype(np.float32))}


@pytest.fixture
def formats(tmp_path: Path) -> list[Path]:
    weights = seeded_vgg()
    paths = [tmp_path / name for name in ("vgg.safetensors", "vgg.h5", "vgg19-ours.pth")]
    save_own(weights, paths[0], {"input": "BGR, 0..255, minus (103.939,116.779,123.68)"})
    save_keras(weights, paths[1], as_bytes=True)
    save_torch(for_torchvision(weights), paths[2])
    return paths


def test_three_formats_one_answer(formats: list[Path]) -> None:
    picture = open_picture(skimage.data.astronaut()).resized(96)
    image = torch.from_numpy(picture.pixels).permute(2, 0, 1)[None]
    own, keras, torchvision = (
        build_encoder("vgg19", LAYERS, weights=path)(image, LAYERS) for path in formats
    )
    for layer in LAYERS:
        assert own[layer].std() > 0.1
        torch.testing.assert_close(keras[layer], own[layer], rtol=0, atol=0)
        torch.testing.assert_close(torchvision[layer], own[layer], rtol=1e-3, atol=1e-3)


def test_a_file_of_ones_own_is_in_the_recipe_by_name(formats: list[Path]) -> None:
    stylizer = IterativeStylizer(
        skimage.data.chelsea(),
        encoder="vgg19",
        weights=formats[1],
        style_layers="relu1_1,relu2_1",
        content_layers="relu2_1",
        size=48,
        steps=1,
    )
    recipe = stylizer(skimage.data.astronaut()).recipe
    assert recipe is not None
    assert recipe["settings"]["weights"] == "vgg.h5"  # type: ignore[index]
    assert recipe["weights"][0]["name"] == "vgg.h5"  # type: ignore[index]
    assert len(recipe["weights"][0]["sha256"]) == 64  # type: ignore[index]
