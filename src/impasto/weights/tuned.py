"""Networks that are tuned to one style: those that come with the package, and what is kept."""

from pathlib import Path

from impasto.weights.folders import bundled_folder, home_folder

SUFFIX = ".onnx"


def tuned_network(name: str) -> Path | None:
    """Return the network that comes tuned to a style of the gallery, if one does."""
    path = bundled_folder() / "tuned" / f"{name}{SUFFIX}"
    return path if path.is_file() else None


def tuned_folder() -> Path:
    """Return the folder of the networks that were tuned here to styles when they were needed."""
    return home_folder() / "tuned"
