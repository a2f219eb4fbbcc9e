"""A golden picture of method fast: what was painted yesterday is painted today.

`IMPASTO_UPDATE_GOLDEN=1` writes it anew; look at it before you commit it.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import impasto
from impasto.fast import FastStylizer

GOLDEN = Path(__file__).parents[1] / "golden" / "fast.png"


def test_golden(photo: NDArray[np.uint8], painting: NDArray[np.uint8]) -> None:
    stylizer = FastStylizer(painting, size=64, runtime="onnxruntime", device="cpu")
    made = stylizer(photo).to_array()
    if os.environ.get("IMPASTO_UPDATE_GOLDEN"):
        impasto.open_picture(made).save(GOLDEN, overwrite=True)
    golden = impasto.open_picture(GOLDEN).to_array()
    error = np.abs(made.astype(int) - golden)
    # Processors differ in the last bits of a convolution.
    assert error.max() <= 2
    assert error.mean() <= 0.2
