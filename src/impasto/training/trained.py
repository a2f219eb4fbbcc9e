"""Reading what trainings of the any-style network wrote."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from impasto.errors import WeightsError

#: Name of the style's code in what `impasto train style` writes.
CODE = "code"
#: Commands of `impasto train` by the architecture of what they write.
WRITTEN_BY = {"any style": "any-style", "one style": "style"}


def load_trained(path: Path, *architectures: str) -> tuple[dict[str, Tensor], str]:
    """Read all parameters of a trained network, in float32, and the name of its architecture.

    Args:
        path: The file.
        architectures: Those that will do: `any style`, or `one style`.

    Raises:
        WeightsError: The file does not exist, is damaged or holds something else.
    """
    programs = " or ".join(f"`impasto train {WRITTEN_BY[each]}`" for each in architectures)
    try:
        with safe_open(path, "pt") as file:
            found = (file.metadata() or {}).get("architecture")
            if found not in architectures:
                raise WeightsError(f"{path} is not what {programs} writes")
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            return tensors, found
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read: name what {programs} wrote") from error


def any_style_parameters(path: Path) -> dict[str, Tensor]:
    """Read an any-style network from what its training wrote, or from what was exported.

    Args:
        path: A .safetensors file, or an `any_style.onnx`.

    Raises:
        WeightsError: It is missing, damaged or something else.
    """
    if path.suffix != ".onnx":
        return load_trained(path, "any style")[0]
    from impasto.fast.graph import from_space_to_depth, written_parameters
    from impasto.training.any_style_graph import IN_CELLS

    parameters = written_parameters(path)
    if CODE in parameters or "painter.head.weight" not in parameters:
        raise WeightsError(f"{path} is no any-style network: name an any_style.onnx")
    for name, cells in IN_CELLS.items():
        kernel = f"{name}.weight"
        parameters[kernel] = from_space_to_depth(parameters[kernel], cells)
    return {name: torch.from_numpy(array) for name, array in parameters.items()}
