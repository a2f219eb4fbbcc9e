"""Files of trained networks: safetensors as trainings write them, and ONNX without torch."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from impasto.errors import WeightsError
from impasto.files import check_file, output_path, replacing
from impasto.networks.any_style import shape_of
from impasto.training.trainer import save_tensors

PAINTER, READER = "any_style.onnx", "style_reader.onnx"
ANY_STYLE, ONE_STYLE = "any style", "one style"
CODE = "code"  # name of the style's code in what `impasto train style` writes
_NEW = "painter.to_coarse.weight"  # a parameter that networks of earlier versions have not
#: Commands of `impasto train` by the architecture of what they write.
_WRITTEN_BY = {ANY_STYLE: "any-style", ONE_STYLE: "style"}


def save_half(parameters: Mapping[str, Tensor], architecture: str, path: Path, step: int) -> None:
    """Write what was trained, in float16."""
    tensors = {name: tensor.half() for name, tensor in parameters.items()}
    save_tensors(tensors, path, {"architecture": architecture, "steps": str(step)})


def load_trained(path: Path, *architectures: str) -> dict[str, Tensor]:
    """Read all parameters of a network of one of these architectures, in float32."""
    programs = " or ".join(f"`impasto train {_WRITTEN_BY[each]}`" for each in architectures)
    check_file(path, WeightsError)
    try:
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("architecture") not in architectures:
                raise WeightsError(f"{path} is not what {programs} writes")
            if _NEW not in file.keys():  # noqa: SIM118
                raise WeightsError(f"{path} is of an earlier version: train it again")
            return {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read: name what {programs} wrote") from error


def any_style_parameters(path: Path) -> dict[str, Tensor]:
    """Read an any-style network: from the .safetensors of a training, or from an `any_style.onnx`.

    What is missing, damaged or something else is a `WeightsError`.
    """
    if path.suffix != ".onnx":
        return load_trained(path, ANY_STYLE)
    from impasto.fast.graph import for_space_to_depth, written_parameters
    from impasto.training.any_style_graph import IN_CELLS

    parameters = written_parameters(path)
    if CODE in parameters or _NEW not in parameters:
        raise WeightsError(f"{path} is not an any-style network: name what `impasto export` wrote")
    for name, cells in IN_CELLS.items():
        kernel = f"{name}.weight"
        parameters[kernel] = for_space_to_depth(parameters[kernel], cells, undo=True)
    return {name: torch.from_numpy(array) for name, array in parameters.items()}


def export(trained: Path, output: Path) -> list[Path]:
    """Write a trained network as ONNX files, see `any_style_graph`; return their paths.

    What `impasto train any-style` wrote becomes two files in a folder, kernels of the reader in 8
    bits, all else in float16; what `impasto train style` wrote becomes one, all kernels in 8 bits,
    named by the output or in it. What cannot be read, written, or is something else is a
    `WeightsError`.
    """
    from impasto.training.any_style_graph import painter_graph, style_reader_graph

    parameters = load_trained(trained, ANY_STYLE, ONE_STYLE)
    arrays, shape = {n: t.numpy() for n, t in parameters.items()}, shape_of(parameters)
    if CODE in arrays:
        output = output_path(output, f"{trained.stem}.onnx")
        if output.suffix != ".onnx":
            raise WeightsError(f"{output} does not end in .onnx: name it so, or name a folder")
        graphs = {output: painter_graph(arrays, shape, code=arrays[CODE])}
    else:
        graphs = {output / PAINTER: painter_graph(arrays, shape)}
        graphs[output / READER] = style_reader_graph(arrays, shape)
    for path, content in graphs.items():
        try:
            with replacing(path) as part:
                part.write_bytes(content)
        except OSError as error:
            raise WeightsError(
                f"{path} cannot be written ({error.strerror or error}): name another output"
            ) from error
    return list(graphs)
