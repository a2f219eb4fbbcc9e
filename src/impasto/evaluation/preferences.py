"""Scores from what people prefer of two.

Source: Bradley & Terry 1952, "Rank Analysis of Incomplete Block Designs": the chance that i is
preferred to j is 1 / (1 + exp(s_j − s_i)). An answer "equal" counts as half a win for each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Of a normal distribution, for intervals of 95 %.
_DEVIATIONS = 1.959964
_ROUNDS, _SETTLED = 100, 1e-10


class Scores(NamedTuple):
    """Of several contestants, by their numbers.

    Attributes:
        score: (K,), with mean 0; a difference of 1 is preferred by 73 %.
        margin: (K,), half of the 95 % confidence interval, from Fisher's information; infinite
            where no games, if by way of others, tie a contestant to more than half of all.
    """

    score: Floats
    margin: Floats


def bradley_terry(wins: Floats, prior: float = 0.5) -> Scores:
    """Return the scores that make the answers likeliest.

    Args:
        wins: (K, K), how often the row was preferred to the column, halves for "equal".
        prior: Wins and losses of each against somebody average that are assumed besides: whoever
            never lost has a finite score then. 0: none, as in the paper.
    """
    games = wins + wins.T
    score = np.zeros(len(wins))
    won = wins.sum(1) + prior
    for _ in range(_ROUNDS):
        chance, information = _expected(score, games, prior)
        step = np.linalg.pinv(information) @ (won - chance)
        # Newton's step, no longer than what the logistic curve bears.
        score = score + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < _SETTLED:
            break
    _, information = _expected(score, games, prior)
    center = np.eye(len(wins)) - 1 / len(wins)
    variance = np.diag(center @ np.linalg.pinv(information) @ center)
    margin = _DEVIATIONS * np.sqrt(variance.clip(0))
    return Scores(score - score.mean(), np.where(_is_tied(games), margin, np.inf))


def _is_tied(games: Floats) -> NDArray[np.bool_]:
    """Return which contestants are in the group that more than half of all are in."""
    reached = (games > 0) | np.eye(len(games), dtype=bool)
    for _ in games:
        reached = reached @ reached
    tied: NDArray[np.bool_] = reached.sum(1) * 2 > len(games)
    return tied


def _expected(score: Floats, games: Floats, prior: float) -> tuple[Floats, Floats]:
    """Return how many wins each should have, and Fisher's information of the scores."""
    chance = 1 / (1 + np.exp(score[None] - score[:, None]))
    average = 1 / (1 + np.exp(-score))
    weight = games * chance * (1 - chance)
    own = weight.sum(1) + 2 * prior * average * (1 - average)
    return (games * chance).sum(1) + 2 * prior * average, np.diag(own) - weight
