"""`impasto export`: from what a training wrote to what runs without torch."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    trained: Annotated[Path, typer.Argument(help="The .safetensors file of a training.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for two files, or the file of one style.")
    ] = Path(),
) -> None:
    """Write any_style.onnx and style_reader.onnx, or the one file of one style, from a training.

    Example: impasto export run/any_style.safetensors -o networks
    """
    from impasto.training.export import export as exported

    for path in exported(trained, output):
        print(path)
