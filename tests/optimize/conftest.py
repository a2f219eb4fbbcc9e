from dataclasses import replace

import pytest

from impasto.losses import STYLE_LOSSES

#: Taken of each picture: what samples cost grows with their square.
SAMPLES = 512


@pytest.fixture
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Style losses that draw samples draw few of them."""
    for name, loss in STYLE_LOSSES.items():
        fewer = loss.needs._replace(samples=min(SAMPLES, loss.needs.samples))
        monkeypatch.setitem(STYLE_LOSSES, name, replace(loss, needs=fewer))
