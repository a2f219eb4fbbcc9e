"""VGG-19 for losses sees and teaches what plain automatic differentiation does."""

from pathlib import Path

import pytest
import torch

from impasto.networks import VGG19
from impasto.training.losses import FusedVgg, gram_matrices, relative_gram_distance
from impasto.weights import load_vgg19

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu5_1")


@pytest.mark.parametrize("size", [(64, 64), (35, 50), (16, 40), (16, 16)])
def test_features_and_gradients_are_those_of_plain_vgg(
    random_vgg: Path, size: tuple[int, int]
) -> None:
    parameters = load_vgg19(random_vgg)
    vgg = VGG19(parameters, LAYERS)
    numbers = torch.Generator().manual_seed(0)
    image, other = torch.rand((2, 2, 3, *size), generator=numbers)
    targets = gram_matrices(vgg(other, LAYERS))
    learned = []
    for network in (vgg, FusedVgg(parameters, LAYERS)):
        picture = image.clone().requires_grad_()
        features = network(picture, LAYERS)
        loss = torch.stack(
            [relative_gram_distance(features[name], targets[name]).sum() for name in LAYERS]
        ).sum()
        (gradient,) = torch.autograd.grad(loss, picture)
        learned.append((features, gradient))
    (plain, expected), (fused, found) = learned
    for name in LAYERS:
        torch.testing.assert_close(fused[name], plain[name], rtol=1e-4, atol=1e-4)
    scale = expected.abs().max()
    torch.testing.assert_close(found / scale, expected / scale, rtol=1e-3, atol=1e-4)
