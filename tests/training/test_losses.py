import pytest
import torch
from torch import Tensor

from impasto.settings.choices import STYLE_LAYERS
from impasto.training.losses import (
    cosine_distance,
    gram_distance,
    relative_error,
    style_gradient,
)


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("side", [2, 9])
def test_gram_distance_is_that_of_the_gram_matrices(side: int) -> None:
    # 2x2 positions are fewer than the 12 channels, 9x9 are more.
    found, target = random(3, 12, side, side), random(3, 12, side, side, seed=1)
    f, t = found.flatten(2), target.flatten(2)
    gram, wanted = f @ f.mT, t @ t.mT
    expected = (gram - wanted).square().sum((1, 2)) / wanted.square().sum((1, 2))
    torch.testing.assert_close(gram_distance(found, target), expected.float(), rtol=1e-3, atol=1e-5)


def test_errors_are_zero_for_the_target_and_one_for_nothing() -> None:
    target = random(2, 4, 5, 5)
    for error in (relative_error, gram_distance):
        torch.testing.assert_close(error(target, target), torch.zeros(2))
        torch.testing.assert_close(error(0 * target, target), torch.ones(2))


def test_cosine_distance_looks_at_the_direction_only() -> None:
    gradient = random(2, 3, 4, 4) - 0.5
    torch.testing.assert_close(cosine_distance(7 * gradient, gradient), torch.zeros(2))
    torch.testing.assert_close(cosine_distance(-gradient, gradient), torch.full((2,), 2.0))


def test_style_gradient_can_be_learned_from() -> None:
    image = random(1, 3, 4, 4).float().requires_grad_()
    gain = torch.ones(3, requires_grad=True)
    both = torch.cat([image * gain.view(1, 3, 1, 1), random(1, 3, 4, 4, seed=1).float()])
    gradient = style_gradient(dict.fromkeys(STYLE_LAYERS, both), image, keep=True)
    assert gradient.shape == image.shape
    gradient.square().sum().backward()  # type: ignore[no-untyped-call]
    assert gain.grad is not None
    assert gain.grad.abs().min() > 0
