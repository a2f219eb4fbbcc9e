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
            where no games, direct or by way of others, connect a contestant to more than half of
            all.
    """

    score: Floats
    margin: Floats


def bradley_terry(wins: Floats, prior: float = 0.5) -> Scores:
    """Return the scores that make the answers likeliest.

    Args:
        wins: (K, K), how often the row was preferred to the column, halves for "equal".
        prior: Wins and losses of each against an average contestant that are assumed in addition,
            so that one who never lost has a finite score. 0: none, as in the paper.
    """
    games, score = wins + wins.T, np.zeros(len(wins))
    itself = np.eye(len(wins))
    for _ in range(_ROUNDS):
        chance, average = 1 / (1 + np.exp(score[None] - score[:, None])), 1 / (1 + np.exp(-score))
        weight = games * chance * (1 - chance)
        own = weight.sum(1) + 2 * prior * average * (1 - average)
        inverse = np.linalg.pinv(np.diag(own) - weight)
        expected = (games * chance).sum(1) + 2 * prior * average
        step = inverse @ (wins.sum(1) + prior - expected)
        # Newton's step, no longer than what the logistic curve bears.
        score = score + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < _SETTLED:
            break
    center = itself - 1 / len(wins)
    margin = _DEVIATIONS * np.sqrt(np.diag(center @ inverse @ center).clip(0))
    reached = np.linalg.matrix_power((games > 0) | itself.astype(bool), len(wins))
    return Scores(score - score.mean(), np.where(reached.sum(1) * 2 > len(wins), margin, np.inf))
