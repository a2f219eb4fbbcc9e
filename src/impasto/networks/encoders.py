"""Encoders by name, ready to use, with the fingerprint of the file they came from."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from impasto.errors import SettingsError
from impasto.files import sha256_of
from impasto.networks.pocket import SAMPLED_LAYERS
from impasto.networks.vgg import check_layers, pools_before
from impasto.settings.declaration import check_own_name, load
from impasto.settings.encoders import ENCODER_CHOICES, ENCODERS, EncoderRow, add_encoder_row
from impasto.weights import fetch
from impasto.weights.folders import expanded


class Network(Protocol):
    """What an encoder of your own has to be: a `torch.nn.Module` with these two."""

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing changes a position of its deepest layer, at most."""
        ...

    def __call__(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return features by layer.

        Args:
            image: (N, 3, H, W) float32 sRGB in [0, 1].
            layers: Names, in VGG-19's scheme: `relu3_1` is the first of the third resolution.

        Returns:
            For each layer (N, C, H >> p, W >> p), where p is its resolution, counted from 0.
        """
        ...


@dataclass(frozen=True)
class Encoder:
    """A network that turns a picture into features, and where its parameters came from.

    Attributes:
        name: `"pocket"`, `"vgg19"`, or that of your own.
        network: The module.
        file: Name of the file of parameters.
        sha256: Of that file.
        phases: Into how many its largest layers can be subsampled; 1: they cannot.
    """

    name: str
    network: Network
    file: str
    sha256: str
    phases: int = 1

    def __call__(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Compute the features of (N, 3, H, W) float32 sRGB in [0, 1], by canonical layer name.

        The layers are among those it was built for.
        """
        return self.network(image, layers)

    def stride(self, layer: str, subsample_phase: int | None = None) -> int:
        """Return the pixels from one position of a layer to the next."""
        return (1 << pools_before(layer)) * (2 if self._subsamples(layer, subsample_phase) else 1)

    def shape(
        self, layer: str, size: tuple[int, int], subsample_phase: int | None = None
    ) -> tuple[int, int]:
        """Return (height, width) of a layer's features for a picture of (height, width)."""
        if self.phases == 1:
            return size[0] >> pools_before(layer), size[1] >> pools_before(layer)
        cells = -(-size[0] // 2), -(-size[1] // 2)  # odd sides count as one pixel more
        sampled = self._subsamples(layer, subsample_phase)
        if layer == "relu1_1":
            return cells if sampled else (2 * cells[0], 2 * cells[1])
        if sampled and subsample_phase is not None:
            down, across = divmod(subsample_phase, 2)
            return (cells[0] - down + 1) // 2, (cells[1] - across + 1) // 2
        return cells[0] >> pools_before(layer) - 1, cells[1] >> pools_before(layer) - 1

    def _subsamples(self, layer: str, subsample_phase: int | None) -> bool:
        return self.phases > 1 and subsample_phase is not None and layer in SAMPLED_LAYERS

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing changes a position of its deepest layer, at most."""
        return self.network.reach


_BUILT_IN = tuple(ENCODER_CHOICES)


def add_encoder(name: str, network: Network) -> None:
    """Register an encoder of your own under a name for `Settings.encoder`, in this process.

    Its parameters are frozen. Recipes hold its name and a hash of its parameters. For one whose
    cost and memory are known, add an `EncoderRow` with `add_encoder_row` instead.

    Args:
        name: Letters, digits and `_`; an encoder of your own of that name is replaced.
        network: A `torch.nn.Module` that is a `Network`.

    Raises:
        SettingsError: The name is no name, or that of an encoder that comes with impasto; or the
            network is no module with a `reach`.
    """
    check_own_name(name, _BUILT_IN)
    if not isinstance(network, nn.Module) or not hasattr(network, "reach"):
        raise SettingsError("an encoder is a torch.nn.Module with a reach: see impasto.networks")
    network.eval().requires_grad_(False)
    add_encoder_row(EncoderRow(name=name, sentence="your own", build=lambda *_: network))


def check_encoders(names: Iterable[str], layers: Iterable[str], pooling: str) -> None:
    """Raise a `SettingsError` for what an encoder does not have, before its file is fetched.

    Args:
        names: Encoders, by their names.
        layers: Canonical names, as `relu4_1`.
        pooling: `max` or another that the encoders must have.
    """
    for row in (ENCODERS[name] for name in names):
        if row.layers:
            check_layers(row.name, row.layers, sorted(layers))
        if pooling != "max" and not row.poolings:
            raise SettingsError(f"encoder {row.name} has no pooling: use encoder vgg19 alone")


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
        name: `"pocket"`, which comes with the package, `"vgg19"`, or that of your own
            (`add_encoder`), for which what follows but for the device does not count.
        layers: Canonical names of all layers it will be asked for.
        weights: A file with its parameters; None finds or downloads one.
        pooling: Of VGG-19: `"max"` or `"average"`.
        device: Where it computes; None is the CPU.
        precision: Of its arithmetic.

    Raises:
        SettingsError: It does not have one of the layers, or no pooling to choose.
        WeightsError: Its file is nowhere to be found, damaged, or of another network.
    """
    wanted, row = tuple(layers), ENCODERS[name]
    check_encoders([name], wanted, pooling)
    path = expanded(weights) if weights is not None else fetch(row.file) if row.file else None
    network = load(row.build)(path, wanted, pooling, precision)
    network = network.to(device or torch.device("cpu"))
    if path:
        return Encoder(name, network, path.name, sha256_of(path), row.subsamples)
    digest = hashlib.sha256()
    for key, value in sorted(network.state_dict().items()):
        raw = value.detach().cpu().contiguous().flatten().view(torch.uint8)
        digest.update(key.encode() + raw.numpy().tobytes())
    return Encoder(name, network, name, digest.hexdigest(), row.subsamples)
