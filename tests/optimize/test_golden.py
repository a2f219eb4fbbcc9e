"""Golden pictures: what was painted yesterday is painted today.

64 pixels, float32 on the CPU: within one level of 255 with the pinned torch, PSNR of 45 dB and more
with any other. `IMPASTO_UPDATE_GOLDEN=1` writes them anew; look at them before you commit them.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import impasto

FOLDER = Path(__file__).parents[1] / "golden"
CONSTRAINTS = (Path(__file__).parents[2] / "constraints.txt").read_text()
PINNED = CONSTRAINTS.partition("torch==")[2].split()[0]
SMALL: Mapping[str, Any] = {
    "device": "cpu",
    "precision": "float32",
    "size": 64,
    "min_size": 32,
    "steps": (8, 6),
}
CASES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "content-colors": {"color": "content"},
    "matched-colors": {"color": "match"},
    "gatys-lbfgs": {"loss": "gatys", "optimizer": "lbfgs", "init": "content"},
    "noise-ema": {"init": "noise", "ema": 0.8, "seed": 7},
    "vgg19": {"encoder": "vgg19"},
}


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    error = np.square(a.astype(np.float64) - b).mean()
    return float(np.inf if error == 0 else 10 * np.log10(255**2 / error))


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("case", CASES)
def test_golden(
    case: str,
    photo: NDArray[np.uint8],
    painting: NDArray[np.uint8],
    request: pytest.FixtureRequest,
) -> None:
    if case == "vgg19":
        request.getfixturevalue("real_weights")
    made = impasto.stylize(photo, painting, **{**SMALL, **CASES[case]}).to_array()
    path = FOLDER / f"{case}.png"
    if os.environ.get("IMPASTO_UPDATE_GOLDEN"):
        impasto.open_picture(made).save(path, overwrite=True)
    golden = impasto.open_picture(path).to_array()
    assert psnr(made, golden) >= 45
    if torch.__version__.split("+")[0] == PINNED:
        assert np.abs(made.astype(int) - golden).max() <= 1
