"""Reading the parameters of the pocket encoder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from impasto.errors import WeightsError
from impasto.weights.folders import expanded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def load_pocket(path: str | os.PathLike[str]) -> dict[str, NDArray[np.float32]]:
    """Read kernels (OIHW) and biases by name, as `impasto train encoder` writes them.

    Args:
        path: A safetensors file; half precision becomes float32.

    Raises:
        WeightsError: The file does not exist, is damaged or holds something else.
    """
    import numpy as np
    from safetensors import SafetensorError, safe_open

    path = expanded(path)
    try:
        with safe_open(path, framework="numpy") as file:
            if (file.metadata() or {}).get("architecture") != "pocket":
                raise WeightsError(
                    f"{path} is not the file of a pocket encoder: for a VGG-19 choose encoder vgg19"
                )
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise WeightsError(
            f"{path} does not exist: leave weights out to use the bundled file"
        ) from error
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{path} cannot be read as a pocket encoder: for a VGG-19 choose encoder vgg19, or "
            f"leave weights out to use the bundled file ({error})"
        ) from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise WeightsError(f"{path} holds numbers that are not finite: train it anew")
    return arrays
