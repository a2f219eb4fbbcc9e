"""Where memory is short: moments in 16 bits, and states that do not copy their picture."""

import pytest
import torch

from impasto import ImpastoError
from impasto.gallery import open_style
from impasto.optimize import IterativeStylizer, loop
from impasto.optimize.objective import Losses, Objective
from impasto.optimize.optimizers import ROWS, PixelOptimizer
from impasto.optimize.plan import TileSides


def test_moments_in_16_bits_lead_where_those_in_32_lead() -> None:
    torch.manual_seed(0)
    begun, goal = torch.rand(2, 1, 3, ROWS + 21, 40)
    images = []
    for low_memory in (False, True):
        optimizer = PixelOptimizer(begun, "adam", 0.03, low_memory=low_memory)
        for _ in range(30):

            def descend(image: torch.Tensor = optimizer.image) -> Losses:
                loss: torch.Tensor = (image - goal).square().mean()
                loss.backward()  # type: ignore[no-untyped-call]
                return Losses(*[loss] * 4)

            optimizer.step(descend)
        images.append(optimizer.result())
    moments = optimizer.moments()
    assert moments is not None
    assert moments["exp_avg"].dtype == moments["exp_avg_sq"].dtype == torch.bfloat16
    assert (begun - images[0]).abs().mean() > 0.1
    assert (images[1] - images[0]).abs().max() < 0.02
    assert (images[1] - images[0]).abs().mean() < 0.002


@pytest.mark.slow
def test_a_large_picture_is_the_one_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "plan_tiles", lambda *_: TileSides((64,), None, 0.0))
    run = IterativeStylizer(open_style("waves", 768), size=128, steps=3).run(
        open_style("strokes", 768)
    )
    next(run)
    taken = run.picture
    pixels = taken.pixels.copy()
    next(run)
    next(run)
    assert (taken.pixels == pixels).all()
    assert (run.picture.pixels != pixels).any()


def test_what_is_stopped_in_the_middle_of_a_step_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "plan_tiles", lambda *_: TileSides((64,), None, 0.0))
    run = IterativeStylizer(open_style("waves", 768), size=128, steps=3).run(
        open_style("strokes", 768)
    )
    state = next(run)

    def torn(_: Objective, optimizer: PixelOptimizer, *__: object) -> None:
        with torch.no_grad():
            optimizer.image[..., :9, :] += 0.5
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "take_step", torn)
    with pytest.raises(KeyboardInterrupt):
        next(run)
    assert run.picture.size == state.size


def test_the_size_that_is_advised_is_of_the_picture() -> None:
    stylizer = IterativeStylizer(open_style("waves", 768), size=8192, memory="1.3GB")
    with pytest.raises(ImpastoError, match=r"painting at 8192x\d+, .* try size \d{4}$"):
        stylizer.run(open_style("strokes", 768))
