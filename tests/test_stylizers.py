"""The waist: what composes two engines, and what video asks of all of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import Settings, stylizer
from impasto.fast import FastStylizer
from impasto.runs import EarlierFrame, Reference
from impasto.stylizers import FastThenOptimize

Array = NDArray[np.uint8]
WARM: dict[str, Any] = {"method": "fast+optimize", "size": 64, "steps": 2, "precision": "float32"}


def test_both_halves_change_together(painting: Array) -> None:
    made = FastThenOptimize([painting], Settings(**WARM))
    matched = made.changed(color="match", color_amount=0.5, strength=0.5)
    for half in (matched.fast, matched.slow):
        settings = half.settings
        assert (settings.color, settings.color_amount, settings.strength) == ("match", 0.5, 0.5)
    assert made.at_size(96).fast.settings.size == made.at_size(96).slow.settings.size == 96


def test_the_network_paints_when_the_first_step_is_asked_for(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    real = FastStylizer.paint

    def counted(self: FastStylizer, content: Any) -> Any:  # noqa: ANN401
        painted.append(max(content.size))
        return real(self, content)

    monkeypatch.setattr(FastStylizer, "paint", counted)
    run = stylizer(painting, **WARM).run(photo)
    assert painted == []
    first = next(run)
    assert painted == [64]
    saved = run.state_dict()
    whole = run.finish()
    resumed = stylizer(painting, **WARM).run(photo)
    assert first.done == 1
    resumed.load_state_dict(saved)
    assert resumed.finish().size == whole.size
    assert painted == [64]


@pytest.mark.parametrize("init", ["style", "noise", "content", "file"])
def test_frames_follow_those_before_whatever_the_first_started_from(
    init: str, photo: Array, painting: Array, files: tuple[Path, Path]
) -> None:
    chosen = str(files[1]) if init == "file" else init
    options: dict[str, Any] = {"size": 64, "steps": 1, "precision": "float32", "init": chosen}
    made = stylizer(painting, **options)
    first = made.run(photo, reference=Reference())
    pixels = first.pixels
    still = EarlierFrame(
        pixels, np.zeros((*pixels.shape[:2], 2), np.float32), np.ones(pixels.shape[:2], np.float32)
    )
    second = made.run(photo, reference=Reference({1: still}, first.memory))
    assert np.abs(second.pixels - pixels).mean() < 0.05
