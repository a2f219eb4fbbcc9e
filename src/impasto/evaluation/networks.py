"""Networks that users bring: files that map pictures to features, or two pictures to a distance.

impasto neither contains nor downloads an Inception or LPIPS network: their licenses and conventions
are those of whoever made the file.
"""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.batch.painting import reason_of
from impasto.errors import WeightsError
from impasto.images import open_picture
from impasto.weights.folders import search_folders

Floats = NDArray[np.float32]
#: Arrays (N, 3, H, W) -> array (N, …).
Network = Callable[..., Floats]
#: Side of the pictures that the Inception of 2015 takes, in pixels.
INCEPTION_SIZE = 299
SUFFIXES = (".onnx", ".pt")


def find_lpips() -> Path | None:
    """Return `lpips.onnx` or `lpips.pt` from the folders of weights, None if there is none."""
    places = (folder.path / f"lpips{suffix}" for folder in search_folders() for suffix in SUFFIXES)
    return next((path for path in places if path.is_file()), None)


def open_network(path: Path) -> Network:
    """Open an .onnx or a TorchScript .pt, which is a program: open only what you trust.

    It takes float32 arrays (N, 3, H, W), one for each input, and returns the first output. A file
    that is none, or cannot take the pictures, is a `WeightsError`.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or not path.is_file():
        raise WeightsError(f"{path} is not a network: name an .onnx or a TorchScript .pt file")
    try:
        network = _onnx(path) if suffix == ".onnx" else _torchscript(path)
    except Exception as error:  # whatever the runtimes raise for what they cannot read
        raise WeightsError(
            f"{path} cannot be opened ({reason_of(error)}): export it again"
        ) from error

    def run(*inputs: Floats) -> Floats:
        try:
            return np.asarray(network(*inputs), np.float32)
        except Exception as error:  # the file is the user's, and so is what it raises
            reason = reason_of(error)
            raise WeightsError(f"{path.name} cannot take these pictures: {reason}") from error

    return run


def _onnx(path: Path) -> Network:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return lambda *inputs: session.run(None, dict(zip(names, inputs, strict=True)))[0]


def _torchscript(path: Path) -> Network:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated
        module = torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    return torch.inference_mode()(lambda *inputs: module(*map(torch.from_numpy, inputs)).numpy())


def features_of(pictures: Sequence[Path], network: Network) -> NDArray[np.float64]:
    """Return the features (N, D) of pictures, each once, scaled to 299x299, sRGB in [0, 1]."""
    found: dict[Path, NDArray[np.float64]] = {}
    for path in dict.fromkeys(pictures):
        picture = open_picture(path, max_size=4 * INCEPTION_SIZE).on_white()
        pixels = picture.resized((INCEPTION_SIZE, INCEPTION_SIZE)).pixels
        image = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
        found[path] = np.asarray(network(image), np.float64).reshape(-1)
    return np.stack([found[path] for path in pictures])
