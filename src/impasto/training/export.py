"""What a training wrote, as ONNX files that run without torch.

Of `impasto train any-style` come two, `any_style.onnx` and `style_reader.onnx`, of `impasto train
style` one, an `any_style.onnx` that has its style within: see `any_style_graph`.
"""

from pathlib import Path

from torch import Tensor

from impasto.errors import WeightsError
from impasto.files import replacing
from impasto.networks.any_style import shape_of
from impasto.training.any_style_graph import painter_graph, style_reader_graph
from impasto.training.trained import CODE, load_trained

PAINTER, READER = "any_style.onnx", "style_reader.onnx"


def export(trained: Path, output: Path) -> list[Path]:
    """Write what a training wrote as ONNX files, weights in float16, of one style in 8 bits.

    Args:
        trained: What `impasto train any-style` or `impasto train style` wrote.
        output: Where to: a folder for the two files of the former, made if it is not there; the
            file for the network of one style of the latter.

    Returns:
        The paths of what was written.

    Raises:
        WeightsError: The file cannot be read or holds something else, or nothing can be written
            there.
    """
    parameters, architecture = load_trained(trained, "any style", "one style")
    if architecture == "one style" and output.suffix != ".onnx":
        raise WeightsError(f"{output} does not end in .onnx: a network of one style is one file")
    graphs = _graphs(parameters, output)
    for path, content in graphs.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as part:
                part.write_bytes(content)
        except OSError as error:
            reason = error.strerror or error
            raise WeightsError(
                f"{path} cannot be written ({reason}): name another output"
            ) from error
    return list(graphs)


def _graphs(parameters: dict[str, Tensor], output: Path) -> dict[Path, bytes]:
    """Return ONNX models by the paths that they are for."""
    arrays, shape = {n: t.numpy() for n, t in parameters.items()}, shape_of(parameters)
    if CODE in arrays:
        return {output: painter_graph(arrays, shape, code=arrays[CODE])}
    return {
        output / PAINTER: painter_graph(arrays, shape),
        output / READER: style_reader_graph(arrays, shape),
    }
