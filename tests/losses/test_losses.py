"""Properties of the losses, and their values against the papers' formulas written out in loops."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from impasto.losses import (
    content_loss,
    flatness,
    gram_matrix,
    relative_content_loss,
    relative_style_loss,
    style_loss,
    tv_loss,
)


def features(seed: int = 0, channels: int = 4, height: int = 3, width: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, channels, height, width), generator=generator, dtype=torch.float64)


def test_gram_is_the_papers_divided_by_positions() -> None:
    f = features()
    flat = f[0].flatten(1)
    paper = torch.zeros(4, 4, dtype=torch.float64)
    for i in range(4):
        for j in range(4):
            for k in range(15):
                paper[i, j] += flat[i, k] * flat[j, k]
    torch.testing.assert_close(gram_matrix(f)[0], paper / 15)


def test_gram_is_symmetric_and_forgets_places() -> None:
    f = features()
    gram = gram_matrix(f)
    torch.testing.assert_close(gram, gram.transpose(1, 2))
    order = torch.randperm(15, generator=torch.Generator().manual_seed(1))
    shuffled = f.flatten(2)[:, :, order].view_as(f)
    torch.testing.assert_close(gram_matrix(shuffled), gram)


def test_gram_does_not_depend_on_memory_layout_or_batch() -> None:
    f = torch.cat([features(1), features(2)]).float()
    last = f.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(gram_matrix(last), gram_matrix(f))
    torch.testing.assert_close(gram_matrix(f)[1:], gram_matrix(f[1:]))


def test_gram_of_bfloat16_is_float32_and_near() -> None:
    f = features(channels=16, height=40, width=40).float()
    gram = gram_matrix(f.bfloat16())
    assert gram.dtype == torch.float32
    torch.testing.assert_close(gram, gram_matrix(f), rtol=0.01, atol=0.0)


def test_weighted_gram_is_the_gram_of_the_positions_that_count() -> None:
    f = features()
    weight = torch.zeros(1, 1, 3, 5, dtype=torch.float64)
    weight[..., :2] = 1
    torch.testing.assert_close(gram_matrix(f, weight), gram_matrix(f[..., :2]))
    torch.testing.assert_close(gram_matrix(f, torch.ones_like(weight)), gram_matrix(f))


def test_content_loss_is_equation_1() -> None:
    f, p = features(1), features(2)
    total = sum((a - b) ** 2 for a, b in zip(f.flatten(), p.flatten(), strict=True))
    torch.testing.assert_close(content_loss(f, p), 0.5 * torch.as_tensor(total))


def test_style_loss_is_equation_4() -> None:
    f, s = features(1), features(2)
    n, m = 4, 15
    g, a = gram_matrix(f) * m, gram_matrix(s) * m
    paper = ((g - a) ** 2).sum() / (4 * n**2 * m**2)
    torch.testing.assert_close(style_loss(gram_matrix(f), gram_matrix(s)), paper)


def test_relative_losses_are_zero_at_the_target_and_one_without_features() -> None:
    f = features()
    gram = gram_matrix(f)
    assert relative_content_loss(f, f) == 0
    assert relative_style_loss(gram, gram) == 0
    assert relative_content_loss(torch.zeros_like(f), f) == pytest.approx(1)
    assert relative_style_loss(torch.zeros_like(gram), gram) == pytest.approx(1)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_relative_losses_do_not_depend_on_the_encoders_scale(scale: float) -> None:
    f, p = features(1), features(2)
    content = relative_content_loss(scale * f, scale * p)
    style = relative_style_loss(gram_matrix(scale * f), gram_matrix(scale * p))
    torch.testing.assert_close(content, relative_content_loss(f, p))
    torch.testing.assert_close(style, relative_style_loss(gram_matrix(f), gram_matrix(p)))


def test_a_picture_without_any_features_is_no_division_by_zero() -> None:
    nothing = torch.zeros(1, 2, 3, 3)
    assert relative_content_loss(nothing, nothing) == 0
    assert relative_style_loss(gram_matrix(nothing), gram_matrix(nothing)) == 0


def test_masked_content_loss_ignores_what_does_not_count() -> None:
    f, p = features(1), features(2)
    weight = torch.ones(1, 1, 3, 5, dtype=torch.float64)
    weight[..., 0, :] = 0
    changed = f.clone()
    changed[..., 0, :] += 100
    torch.testing.assert_close(
        relative_content_loss(f, p, weight), relative_content_loss(changed, p, weight)
    )


def test_flatness_tells_the_sky_from_the_foliage() -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, 3, 64, 64), generator=generator)
    image[..., :32, :] = 0.5
    found = flatness(image)
    assert found.shape == (1, 1, 64, 64)
    assert found[..., :24, :].min() > 0.99
    assert found[..., 40:, :].max() < 0.6
    assert torch.allclose(flatness(0.5 * image), found, atol=0.01)  # contrast does not matter
    assert torch.equal(flatness(torch.full((1, 3, 16, 16), 0.3)), torch.ones(1, 1, 16, 16))


def test_tv_of_flat_pictures_is_zero_and_of_a_ramp_known() -> None:
    assert tv_loss(torch.full((1, 3, 4, 4), 0.3)) == 0
    ramp = torch.arange(5.0).view(1, 1, 1, 5).expand(1, 3, 4, 5) * 0.1
    assert float(tv_loss(ramp)) == pytest.approx(0.01)


def test_tv_of_the_visible_part_does_not_depend_on_how_much_is_hidden() -> None:
    image = torch.rand((1, 3, 6, 6), generator=torch.Generator().manual_seed(0))
    padded = torch.cat([image, torch.zeros(1, 3, 6, 20)], 3)
    weight = torch.zeros(1, 1, 6, 26)
    weight[..., :6] = 1
    assert float(tv_loss(padded, weight)) == pytest.approx(float(tv_loss(image)), rel=0.2)
    assert float(tv_loss(image, torch.ones(1, 1, 6, 6))) == pytest.approx(float(tv_loss(image)))


def test_tv_counts_no_border_of_the_mask() -> None:
    image = torch.zeros(1, 3, 4, 4)
    image[..., 2:] = 1
    weight = torch.ones(1, 1, 4, 4)
    weight[..., 2:] = 0
    assert tv_loss(image, weight) == 0


LOSSES: dict[str, Callable[[Tensor], Tensor]] = {
    "content": lambda f: content_loss(f, features(9)),
    "relative_content": lambda f: relative_content_loss(f, features(9)),
    "style": lambda f: style_loss(gram_matrix(f), gram_matrix(features(9))),
    "relative_style": lambda f: relative_style_loss(gram_matrix(f), gram_matrix(features(9))),
    "weighted_gram": lambda f: gram_matrix(f, features(8, channels=1)).square().sum(),
    "tv": lambda f: tv_loss(f),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name: str) -> None:
    f = features().requires_grad_()
    assert torch.autograd.gradcheck(LOSSES[name], (f,))
