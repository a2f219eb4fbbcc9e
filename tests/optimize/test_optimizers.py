import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from impasto.optimize.objective import Losses
from impasto.optimize.optimizers import HOLD, PixelOptimizer


def start(seed: int = 0, size: tuple[int, int] = (6, 8)) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, *size), generator=generator) * 0.6 + 0.2


def descend(optimizer: PixelOptimizer, target: Tensor, steps: int) -> None:
    for _ in range(steps):
        optimizer.step(lambda: backward((optimizer.image - target).square().mean()))


def backward(loss: Tensor) -> Losses:
    loss.backward()  # type: ignore[no-untyped-call]
    return Losses(*[loss.detach()] * 4)


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
def test_it_goes_to_the_minimum(name: str) -> None:
    target = start(1)
    optimizer = PixelOptimizer(start(0), name, 0.03 if name == "adam" else 1.0)
    descend(optimizer, target, 150)
    assert (optimizer.result() - target).abs().max() < 0.02


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
def test_it_stays_in_the_box(name: str) -> None:
    optimizer = PixelOptimizer(start(), name, 0.5)
    descend(optimizer, torch.full((1, 3, 6, 8), 3.0), 12)
    assert optimizer.image.min() >= 0
    assert optimizer.image.max() == 1


def test_the_start_is_copied() -> None:
    image = start()
    kept = image.clone()
    descend(PixelOptimizer(image, "adam", 0.1), torch.zeros_like(image), 2)
    assert torch.equal(image, kept)


def test_results_are_snapshots() -> None:
    optimizer = PixelOptimizer(start(), "adam", 0.1)
    descend(optimizer, torch.zeros(1, 3, 6, 8), 1)
    first = optimizer.result()
    kept = first.clone()
    descend(optimizer, torch.zeros(1, 3, 6, 8), 1)
    assert torch.equal(first, kept)
    assert not torch.equal(first, optimizer.result())


def test_the_average_is_that_of_the_iterates() -> None:
    optimizer = PixelOptimizer(start(), "adam", 0.1, ema=0.5)
    iterates = []
    for _ in range(3):
        descend(optimizer, torch.zeros(1, 3, 6, 8), 1)
        iterates.append(optimizer.image.detach().clone())
    weights = [0.25, 0.5, 1.0]
    expected = sum(w * x for w, x in zip(weights, iterates, strict=True)) / sum(weights)
    torch.testing.assert_close(optimizer.result(), expected)


def test_steps_become_shorter_after_the_hold() -> None:
    """On a slope of constant gradient, Adam moves by its step length."""
    optimizer = PixelOptimizer(torch.full((1, 3, 2, 2), 0.9), "adam", 0.001)
    moves = []
    for _ in range(HOLD * 4):
        before = optimizer.image.detach().clone()
        optimizer.step(lambda: backward(optimizer.image.sum()))
        moves.append(float((before - optimizer.image.detach()).mean()))
    assert moves[HOLD - 1] == pytest.approx(0.001, rel=0.01)
    assert moves[-1] == pytest.approx(0.001 * 4**-0.7, rel=0.01)


def test_moments_are_carried_to_the_next_octave() -> None:
    coarse = PixelOptimizer(start(), "adam", 0.1)
    assert coarse.moments() is None
    descend(coarse, torch.zeros(1, 3, 6, 8), 3)
    moments = coarse.moments()
    assert moments is not None
    fine = PixelOptimizer(start(2, (12, 16)), "adam", 0.1, moments=moments)
    carried = fine.moments()
    assert carried is not None
    assert carried["exp_avg"].shape == (1, 3, 12, 16)
    # Four times the pixels: a mean over them gives each a quarter of the gradient.
    assert carried["exp_avg"].mean() == pytest.approx(float(moments["exp_avg"].mean()) / 4, rel=0.1)
    assert carried["exp_avg_sq"].min() >= 0
    descend(fine, torch.zeros(1, 3, 12, 16), 1)


def test_lbfgs_makes_no_step_up_where_the_loss_curves_downwards() -> None:
    """torch's own takes a step as long as the gradient there, and the picture is noise."""
    optimizer = PixelOptimizer(start(0), "lbfgs", 1.0)
    target, losses = start(1), []

    def evaluate() -> Losses:
        apart = (optimizer.image - target).square().sum()
        return backward(1e10 * (1 - (-apart / 4).exp()))

    for _ in range(30):
        losses.append(float(optimizer.step(evaluate).loss))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.1 * losses[0]
    assert 0 < float(optimizer.result().std()) < 0.3


def test_lbfgs_evaluates_a_picture_once() -> None:
    optimizer, seen = PixelOptimizer(start(0), "lbfgs", 1.0), []
    target = start(1)

    def evaluate() -> Losses:
        seen.append(optimizer.image.detach().clone())
        return backward((optimizer.image - target).square().mean())

    for _ in range(5):
        optimizer.step(evaluate)
    assert len(seen) == len({each.numpy().tobytes() for each in seen}) < 12


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
@pytest.mark.parametrize("rate", [1.0, 1e3, 1e30])
def test_too_long_steps_are_taken_back(name: str, rate: float) -> None:
    optimizer, target = PixelOptimizer(start(0), name, rate), start(1)

    def evaluate() -> Losses:
        return backward((optimizer.image - target).square().mean())

    first = float(optimizer.step(evaluate).loss)
    for _ in range(40):
        optimizer.step(evaluate)
    optimizer.backtrack(evaluate(), 1.0)
    assert float(evaluate().loss) < 0.5 * first
    assert (optimizer.rate_factor < 1) == (name == "adam")


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
def test_what_is_not_finite_changes_nothing(name: str) -> None:
    optimizer = PixelOptimizer(start(), name, 0.03)
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(FloatingPointError):
            optimizer.step(lambda factor=wrong: backward(factor * optimizer.image.sum()))  # type: ignore[misc]
    assert torch.equal(optimizer.result(), start())


@pytest.mark.slow
def test_no_compiler_is_imported(files: tuple[Path, Path]) -> None:
    """torch's own takes a second of each command."""
    code = (
        "import sys, impasto\n"
        "impasto.stylize(*sys.argv[1:], size=32, steps=2)\n"
        "print([name for name in sys.modules if name.startswith(('torch._dynamo', 'sympy'))])"
    )
    line = [sys.executable, "-c", code, *map(str, files)]
    ran = subprocess.run(line, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
