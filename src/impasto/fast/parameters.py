"""Trained parameters of the known systems, from safetensors."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from impasto.errors import WeightsError
from impasto.fast.graph import Values


def read_parameters(path: Path) -> dict[str, Values]:
    """Read all arrays of a file in float32.

    Raises:
        WeightsError: It is missing or damaged.
    """
    try:
        return {name: array.astype(np.float32) for name, array in load_file(path).items()}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read: fetch or copy it again") from error
