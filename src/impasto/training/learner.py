"""What every training is made of: modules, two optimizers, and a count of steps."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Generic

import torch
from torch import Tensor, nn

from impasto.networks.devices import choose_device, has_fast_bfloat16
from impasto.networks.pocket import POCKET_LAYERS
from impasto.networks.vgg import VGG19
from impasto.training.checkpoints import (
    Checkpoint,
    check_same_training,
    optimizer_tensors,
    restore_optimizers,
)
from impasto.training.muon import Muon
from impasto.training.options import OptionsT
from impasto.weights import fetch, load_vgg19

#: The layers that a teacher has.
TAUGHT = tuple(POCKET_LAYERS)
_LARGEST_GRADIENT = 5.0


class Learner(Generic[OptionsT]):
    """Networks in training, one step after the other.

    Args:
        options: Everything it depends on.

    Attributes:
        modules: All that is trained.
        muon: Of kernels.
        adam: Of the rest.
        step: Steps done.
        spent: Minutes spent on them.
        losses: Names of what `advance` returns, at one step or another.
    """

    modules: nn.Module
    muon: Muon
    adam: torch.optim.Adam
    losses: Sequence[str]

    def __init__(self, options: OptionsT) -> None:
        self.options = options
        self.device = training_device(options.device)
        self.fast = has_fast_bfloat16(self.device)
        self.step, self.spent = 0, 0.0

    def learn(self, total: Tensor) -> None:
        """Take a step down a loss."""
        parameters = list(self.modules.parameters())
        self.modules.zero_grad()
        total.backward(inputs=parameters)  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(parameters, _LARGEST_GRADIENT)
        if bool(norm.isfinite()):
            self.muon.step()
            self.adam.step()
        self.step += 1

    def progress(self) -> float:
        """Return how much of the training is over, from 0 to 1."""
        return self.step / self.options.steps

    def checkpoint(self) -> Checkpoint:
        """Return the whole state."""
        tensors = {f"network.{name}": t for name, t in self.modules.state_dict().items()}
        for optimizer in (self.muon, self.adam):
            for name, tensor in optimizer_tensors(self.modules, optimizer).items():
                tensors[f"optimizer.{name}"] = tensor
        return Checkpoint(self.step, self.spent, asdict(self.options), tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            SettingsError: It is of a training with other options.
        """
        check_same_training(checkpoint, self.options)
        self.modules.load_state_dict(checkpoint.part("network"))
        restore_optimizers(self.modules, (self.muon, self.adam), checkpoint.part("optimizer"))
        self.step, self.spent = checkpoint.step, checkpoint.minutes


def training_device(name: str) -> torch.device:
    """Return CUDA where it is, or the CPU: other devices lack the arithmetic."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return choose_device(name)


def load_teacher(path: str, device: torch.device, fast: bool) -> VGG19:
    """Read VGG-19 up to conv5_1.

    Args:
        path: Its file; empty: found or downloaded.
        device: Where it computes.
        fast: Whether in bfloat16.
    """
    parameters = load_vgg19(path or fetch("vgg19"), deepest="conv5_1")
    precision = torch.bfloat16 if fast else torch.float32
    return VGG19(parameters, TAUGHT, precision=precision).to(device)
