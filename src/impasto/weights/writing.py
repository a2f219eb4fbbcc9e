"""VGG-19 parameters into a safetensors file that says what its input is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.errors import WeightsError
from impasto.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from impasto.weights.vgg import VggParameters


def write_vgg19(parameters: VggParameters, path: Path) -> None:
    """Write parameters in impasto's layout: ``conv1_1.weight`` (OIHW), ``conv1_1.bias`` and so on.

    The metadata states the input convention and the source. The file appears whole or not at all.

    Args:
        parameters: What to write.
        path: The file to make, ``.safetensors``.

    Raises:
        WeightsError: The file cannot be written.
    """
    try:
        save_vgg19(parameters, path, {})
    except OSError as error:
        raise WeightsError(f"{path} cannot be written: {error.strerror or error}") from error


def save_vgg19(parameters: VggParameters, path: Path, notes: Mapping[str, str]) -> None:
    """As `write_vgg19`, with more metadata.

    Raises:
        OSError: The file cannot be written.
    """
    import numpy as np
    from safetensors.numpy import save

    tensors = {}
    for name, (kernel, bias) in parameters.weights.items():
        # safetensors writes the memory as it lies, whatever the strides say.
        tensors[f"{name}.weight"] = np.ascontiguousarray(kernel)
        tensors[f"{name}.bias"] = np.ascontiguousarray(bias)
    content = save(tensors, metadata={**notes, **_metadata(parameters)})
    with replacing(path) as part:
        part.write_bytes(content)


def _metadata(parameters: VggParameters) -> dict[str, str]:
    return {
        "architecture": "VGG-19 convolutions, OIHW",
        "channel_order": parameters.channel_order,
        "scale": repr(parameters.scale),
        "mean": ",".join(map(repr, parameters.mean)),
        "std": ",".join(map(repr, parameters.std)),
        "source": parameters.source,
    }
