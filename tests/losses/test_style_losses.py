"""Properties of the style losses, and their values against direct formulas."""

import pytest
import torch
from torch import Tensor

from impasto.losses import (
    STYLE_LOSSES,
    LayerStatistics,
    RequiredStatistics,
    draw_positions,
    layer_statistics,
    self_similarity_loss,
)

ALL = RequiredStatistics(gram=True, moments=True, samples=40)


def features(seed: int, channels: int = 5, height: int = 6, width: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn((channels, channels), generator=generator, dtype=torch.float64)
    noise = torch.randn((channels, height * width), generator=generator, dtype=torch.float64)
    return torch.nn.functional.softplus(mixing @ noise).view(1, channels, height, width)


def known(
    f: Tensor, needs: RequiredStatistics = ALL, center: Tensor | None = None
) -> LayerStatistics:
    positions = draw_positions(needs.samples, (f.shape[2], f.shape[3]), 3)
    return layer_statistics(f, needs, center=center, positions=positions)


@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_zero_at_the_style_and_more_elsewhere(name: str) -> None:
    target = known(features(1))
    assert STYLE_LOSSES[name].distance(target, target, 0) == pytest.approx(0, abs=1e-6)
    near = known(features(1) + 0.05 * features(2))
    far = known(features(2))
    values = [float(STYLE_LOSSES[name].distance(each, target, 0)) for each in (near, far)]
    assert 1e-5 < values[0] < values[1]


@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_the_gradient_is_right(name: str) -> None:
    target = known(features(1))

    def loss(f: Tensor) -> Tensor:
        loss: Tensor = STYLE_LOSSES[name].distance(known(f, center=target.mean), target, 5)
        return loss

    assert torch.autograd.gradcheck(loss, features(2).requires_grad_(), atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize("name", ["gram", "moments", "w2", "swd", "histogram"])
def test_the_size_of_features_does_not_matter(name: str) -> None:
    """Relative losses are the same for an encoder whose features are ten times as large."""
    small = STYLE_LOSSES[name].distance(known(features(2)), known(features(1)), 0)
    large = STYLE_LOSSES[name].distance(known(10 * features(2)), known(10 * features(1)), 0)
    torch.testing.assert_close(large, small, rtol=1e-4, atol=1e-9)


def test_w2_of_commuting_covariances_is_the_distance_of_deviations() -> None:
    means = [torch.tensor([1.0, 2.0, 0.0]).double(), torch.tensor([0.0, 2.0, 1.0]).double()]
    deviations = [torch.tensor([1.0, 2.0, 3.0]).double(), torch.tensor([2.0, 2.0, 1.0]).double()]
    found, target = (
        LayerStatistics(mean_offset=m, second_moment=torch.diag(d**2) + torch.outer(m, m))
        for m, d in zip(means, deviations, strict=True)
    )
    expected = (means[0] - means[1]).square().sum() + (deviations[0] - deviations[1]).square().sum()
    size = means[1].square().sum() + deviations[1].square().sum()
    got = STYLE_LOSSES["w2"].distance(found, target, 0)
    torch.testing.assert_close(got, expected / size, rtol=1e-3, atol=0.0)


def test_swd_of_one_channel_is_the_distance_in_order() -> None:
    a, b = (torch.rand(30, 1, dtype=torch.float64, generator=g(s)) for s in (1, 2))
    expected = (a.sort(0).values - b.sort(0).values).square().mean() / b.square().mean()
    for name in ("swd", "histogram"):
        got = STYLE_LOSSES[name].distance(LayerStatistics(samples=a), LayerStatistics(samples=b), 0)
        torch.testing.assert_close(got, expected)


def test_remd_looks_both_ways() -> None:
    """A style whose second feature is found nowhere is half as far as can be."""
    x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    both, one = (
        LayerStatistics(samples=torch.cat([x, y])),
        LayerStatistics(samples=torch.cat([x, x])),
    )
    assert float(STYLE_LOSSES["remd"].distance(one, both, 0)) == pytest.approx(0.5)


def test_nearest_neighbors_see_no_common_shift_and_need_not_be_many() -> None:
    """Each picture is centered on its own mean (Kolkin et al. 2022); lengths do not count."""
    directions = torch.eye(3)[:2]
    style = torch.cat([directions, -directions, 7 * directions, -7 * directions])
    mine = torch.cat([directions[:1], -directions[:1]])
    nearest = STYLE_LOSSES["nnfm"].distance

    def distance(picture: Tensor) -> float:
        return float(nearest(LayerStatistics(samples=picture), LayerStatistics(samples=style), 0))

    assert distance(mine) == pytest.approx(0, abs=1e-6)
    assert distance(3 * mine + torch.tensor([5.0, -2.0, 4.0])) == pytest.approx(0, abs=1e-6)
    across = torch.tensor([[0.0, 0.0, 1.0]])
    assert distance(torch.cat([across, -across])) == pytest.approx(1)


@pytest.mark.parametrize("level", [1.0, 100.0])
def test_neighbors_of_nothing_are_nowhere(level: float) -> None:
    """What centering leaves of features that are alike is rounding, no direction."""
    flat = (level * features(1)[0].flatten(1).T[:1]).repeat(48, 1)
    other = features(2)[0].flatten(1).T
    for found, target in ((flat, other), (other, flat)):
        distance = STYLE_LOSSES["nnfm"].distance(
            LayerStatistics(samples=found), LayerStatistics(samples=target), 0
        )
        assert float(distance) == pytest.approx(1, abs=0.02)


def test_summaries_of_parts_sum_to_that_of_the_whole() -> None:
    f, center = features(1), features(2).mean((0, 2, 3))
    whole = known(f, center=center)
    positions = draw_positions(ALL.samples, (6, 8), 3)
    parts = []
    for left, right in ((0, 3), (3, 8)):
        part, corner = f[..., left:right], (0, left)
        parts.append(
            layer_statistics(
                part, ALL, center=center, positions=positions, shape=(6, 8), corner=corner
            )
        )
    summed = (parts[0] + parts[1]).parts()
    for name, b in whole.parts().items():
        a = summed[name]
        torch.testing.assert_close(a, b, msg=name)


def test_the_center_changes_nothing() -> None:
    plain, shifted = known(features(1)), known(features(1), center=features(2).mean((0, 2, 3)))
    torch.testing.assert_close(plain.mean, shifted.mean)
    torch.testing.assert_close(plain.covariance, shifted.covariance)
    torch.testing.assert_close(shifted.recentered(None).second_moment, plain.second_moment)


def test_a_mixture_is_that_of_the_positions() -> None:
    a, b = features(1), features(2)
    half = known(a).mixed(known(b), 0.5)
    both = layer_statistics(torch.cat([a, b], 3), ALL)
    torch.testing.assert_close(half.gram, both.gram)
    torch.testing.assert_close(half.covariance, both.covariance)
    assert half.samples is not None
    mine = torch.eq(half.samples, known(a).samples).all(1)  # type: ignore[arg-type]
    assert int(mine.sum()) == 20


def test_weights_decide_where_samples_are_from() -> None:
    weight = torch.zeros(1, 1, 6, 8)
    weight[..., :2] = 1
    assert int((draw_positions(50, (6, 8), 0, weight) % 8).max()) == 1
    assert len(draw_positions(50, (6, 8), 0, torch.zeros_like(weight))) == 50


def test_self_similarity_is_of_likenesses_alone() -> None:
    a = features(1)[0].flatten(1).T
    turned, _ = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64, generator=g(0)))
    assert float(self_similarity_loss(3 * a @ turned, a)) == pytest.approx(0, abs=1e-9)
    assert self_similarity_loss(features(2)[0].flatten(1).T, a) > 0.1


def g(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
