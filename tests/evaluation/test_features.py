"""Measures in the eyes of an encoder: against direct formulas, and what they must be like."""

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.evaluation.measures import (
    directions,
    grid_features,
    projected,
    self_similarity,
    style_distance,
    texture_distance,
)
from impasto.losses import gram_matrix, relative_content_loss


def grams(features: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: gram_matrix(each) for name, each in features.items()}


def features(seed: int, size: int = 32) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "a": torch.rand(1, 4, size, size, generator=generator),
        "b": torch.rand(1, 6, size // 2, size // 2, generator=generator),
    }


def test_style_distance_is_the_direct_formula() -> None:
    made, style = features(1), features(2, 48)
    total = 0.0
    for name in made:
        first, second = (each[name][0].flatten(1).numpy() for each in (made, style))
        g, a = (each @ each.T / each.shape[1] for each in (first, second))
        total += float(((g - a) ** 2).sum() / (a**2).sum()) / 2
    assert style_distance(grams(made), grams(style)) == pytest.approx(total, rel=1e-4)
    assert style_distance(grams(style), grams(style)) == 0


def test_texture_distance_is_the_direct_formula() -> None:
    made, style = features(1), features(2)
    total = 0.0
    for name in made:
        first, second = (each[name][0].flatten(1).numpy() for each in (made, style))
        along = directions(len(first), 32).numpy()
        ordered = [np.sort(along @ each, 1) for each in (first, second)]
        ranks = np.arange(1024) * (first.shape[1] - 1) // 1023
        u, v = (each[:, ranks] for each in ordered)
        total += float(np.abs(u - v).mean() / np.abs(v).mean()) / 2
    assert texture_distance(projected(made), projected(style)) == pytest.approx(total, rel=1e-3)
    assert texture_distance(projected(style), projected(style)) == 0
    nothing = {name: torch.zeros_like(each) for name, each in style.items()}
    assert texture_distance(projected(nothing), projected(style)) == pytest.approx(1)


def test_textures_without_order_are_alike() -> None:
    style = features(2)
    order = torch.randperm(32 * 32)
    shuffled = {"a": style["a"].flatten(2)[..., order].view_as(style["a"]), "b": style["b"]}
    assert texture_distance(projected(shuffled), projected(style)) == pytest.approx(0, abs=1e-6)
    assert style_distance(grams(shuffled), grams(style)) == pytest.approx(0, abs=1e-6)
    assert relative_content_loss(shuffled["a"], style["a"]) > 0.1


def test_self_similarity_knows_structure_from_appearance() -> None:
    photo = features(1)
    own = grid_features(photo)
    assert own.shape == (576, 10)
    assert self_similarity(own, own) == 0
    brighter = grid_features({name: 3 * each for name, each in photo.items()})
    assert self_similarity(brighter, own) == pytest.approx(0, abs=1e-4)
    # Channels in another order look otherwise, but their places resemble each other as before.
    recolored = grid_features({name: each.flip(1) for name, each in photo.items()})
    assert self_similarity(recolored, own) == pytest.approx(0, abs=1e-4)
    assert 0.05 < self_similarity(grid_features(features(3)), own) < 1


def test_self_similarity_is_strotss() -> None:
    """Equation 8 of Kolkin et al. 2019 for features that are as large as the grid already."""
    generator = torch.Generator().manual_seed(4)
    first, second = (torch.rand(1, 5, 24, 24, generator=generator) for _ in range(2))
    tables = []
    for each in (first, second):
        places = each[0].flatten(1).T.double().numpy()
        unit = places / np.linalg.norm(places, axis=1, keepdims=True)
        unlike = 1 - unit @ unit.T
        tables.append(unlike / unlike.sum(0))
    paper = np.abs(tables[0] - tables[1]).sum() / 576**2
    ours = self_similarity(grid_features({"x": first}), grid_features({"x": second}))
    assert ours == pytest.approx(paper * 576 / 2, rel=1e-3)
