"""FID's formula against another way to compute it, and scores against known cases."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from impasto.errors import ImageError
from impasto.evaluation.blind import bradley_terry
from impasto.evaluation.evaluating import frechet_distance, too_few


def drawn(seed: int, count: int, spread: float = 1.0) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(8, 8))
    return generator.normal(size=(count, 8)) @ mixing * spread + generator.normal(size=8)


@pytest.mark.parametrize("count", [500, 5])
def test_fid_is_that_of_the_matrix_root(count: int) -> None:
    """With fewer pictures than features, too, where the matrices are singular."""
    first, second = drawn(1, count), drawn(2, 300)
    ours, theirs = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = np.real(sqrtm((ours @ theirs).astype(complex)))
    apart = np.square(first.mean(0) - second.mean(0)).sum()
    expected = apart + np.trace(ours + theirs - 2 * root)
    assert frechet_distance(first, second) == pytest.approx(float(expected), rel=1e-4)
    assert frechet_distance(second, first) == pytest.approx(float(expected), rel=1e-4)


def test_fid_of_one_dimension_is_the_closed_form() -> None:
    first, second = (drawn(seed, 400)[:, :1] for seed in (1, 2))
    deviations = [float(each.std(ddof=1)) for each in (first, second)]
    apart = float(first.mean() - second.mean()) ** 2
    expected = apart + (deviations[0] - deviations[1]) ** 2
    assert frechet_distance(first, second) == pytest.approx(expected)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-9)


def test_sets_that_are_too_small() -> None:
    with pytest.raises(ImageError, match="two at least"):
        frechet_distance(drawn(1, 1), drawn(2, 9))
    assert too_few(2047, 64)
    assert too_few(3000, 4096)
    assert not too_few(2048, 2048)


def test_two_contestants_have_the_odds_of_their_games() -> None:
    score, margin = bradley_terry(np.array([[0.0, 30.0], [10.0, 0.0]]), prior=0)
    assert score[0] - score[1] == pytest.approx(np.log(3))
    # The variance of log odds is 1 / (n p q); each of the two scores is half of the difference.
    assert margin[0] == pytest.approx(1.959964 * (40 * 0.75 * 0.25) ** -0.5 / 2)


def test_scores_are_recovered_from_games() -> None:
    truth = np.array([1.0, 0.3, -0.2, -1.1])
    chance = 1 / (1 + np.exp(truth[None] - truth[:, None]))
    wins = 1000 * chance * (1 - np.eye(4))
    np.testing.assert_allclose(bradley_terry(wins, prior=0)[0], truth, atol=1e-6)
    np.testing.assert_allclose(bradley_terry(wins)[0], truth, atol=0.01)


def test_intervals_hold_what_they_promise() -> None:
    truth, generator = np.array([0.6, 0.0, -0.6]), np.random.default_rng(3)
    inside = 0
    for _ in range(200):
        wins = np.zeros((3, 3))
        for i, j in ((0, 1), (0, 2), (1, 2)):
            won = generator.binomial(40, 1 / (1 + np.exp(truth[j] - truth[i])))
            wins[i, j], wins[j, i] = won, 40 - won
        score, margin = bradley_terry(wins)
        inside += int((np.abs(score - truth) <= margin).sum())
    assert 0.92 < inside / 600 < 0.98


def test_who_never_lost_has_a_finite_score_and_who_never_played_no_interval() -> None:
    score, margin = bradley_terry(np.array([[0.0, 5.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert score[0] > 0 > score[1]
    assert np.isfinite(score).all()
    assert margin[2] == np.inf
    score, margin = bradley_terry(np.zeros((2, 2)))
    assert score.tolist() == [0, 0]
    assert np.isinf(margin).all()


def test_groups_that_never_met_have_no_intervals() -> None:
    met = np.zeros((4, 4))
    met[0, 1] = met[1, 0] = met[2, 3] = met[3, 2] = 3
    assert np.isinf(bradley_terry(met)[1]).all()
    met[1, 2] = 1
    assert np.isfinite(bradley_terry(met)[1]).all()
    apart = np.zeros((5, 5))
    apart[:3, :3], apart[3:, 3:] = 1 - np.eye(3), 1 - np.eye(2)
    assert np.isinf(bradley_terry(apart)[1]).tolist() == [False] * 3 + [True] * 2
