"""`impasto export`: from what a training wrote to what runs without torch."""

from pathlib import Path

from impasto.cli.options import argument, own


def export(
    trained: Path = argument(..., "The .safetensors file of a training."),
    output: Path = own(Path(), "Folder for two files, or the file of one style.", "--output", "-o"),
) -> None:
    """Write any_style.onnx and style_reader.onnx, or the one file of one style, from a training.

    Example: impasto export run/any_style.safetensors -o networks
    """
    from impasto.training.export import export as exported

    for path in exported(trained, output):
        print(path)
