"""Encoders by name, ready to use, with the fingerprint of the file they came from."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from impasto.perception.layers import deepest
from impasto.perception.vgg import VGG19, random_parameters
from impasto.weights import fetch, load_vgg19, sha256_of


@dataclass(frozen=True)
class Encoder:
    """A network that turns a picture into features, and where its parameters came from.

    Attributes:
        name: As asked for: `"vgg19"` or `"random"`.
        network: The module.
        file: Name of the file of parameters, or what stands in for it.
        sha256: Of that file; None where there is none.
    """

    name: str
    network: VGG19
    file: str
    sha256: str | None

    def __call__(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Compute the features of (N, 3, H, W) float32 sRGB in [0, 1], by canonical layer name."""
        features: dict[str, Tensor] = self.network(image, layers)
        return features


def build_encoder(
    name: str,
    layers: Iterable[str],
    *,
    weights: str | os.PathLike[str] | None = None,
    pooling: str = "max",
    device: torch.device | None = None,
    precision: torch.dtype = torch.float32,
) -> Encoder:
    """Find, read and prepare an encoder.

    Args:
        name: `"vgg19"`, or `"random"`: seeded random filters, a stand-in without trained weights.
        layers: Canonical names of all layers it will be asked for; it is cut at the deepest.
        weights: A file with its parameters; None finds or downloads one.
        pooling: `"max"` or `"average"`.
        device: Where it computes; None is the CPU.
        precision: Of its arithmetic.

    Raises:
        WeightsError: Its file is nowhere to be found, damaged, or of another network.
    """
    wanted = tuple(layers)
    if name == "random":
        parameters, file, sha256 = random_parameters(narrow=4), "random filters", None
    else:
        path = fetch(name) if weights is None else Path(weights)
        deep = deepest(wanted).replace("relu", "conv")
        parameters = load_vgg19(path, deepest=deep)
        file, sha256 = path.name, sha256_of(path)
    network = VGG19(parameters, wanted, pooling=pooling, precision=precision)
    return Encoder(name, network.to(device or torch.device("cpu")), file, sha256)
