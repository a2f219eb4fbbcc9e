"""The whole state of a training in one safetensors file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from impasto.errors import SettingsError, WeightsError
from impasto.files import replacing
from impasto.training.options import TrainingOptions

#: Options that a training may be gone on with another value of.
MAY_CHANGE = (
    *("begin", "photos", "painting", "paintings", "pairs", "teacher", "output", "device"),
    "minutes",
)


@dataclass(frozen=True)
class Checkpoint:
    """What was saved.

    Attributes:
        step: Steps done.
        minutes: Spent on them.
        options: What the training was started with.
        tensors: By name.
    """

    step: int
    minutes: float
    options: dict[str, Any]
    tensors: dict[str, Tensor]

    def part(self, name: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin with this and a dot, without it."""
        head = f"{name}."
        return {k.removeprefix(head): t for k, t in self.tensors.items() if k.startswith(head)}


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    facts = {
        "step": checkpoint.step,
        "minutes": checkpoint.minutes,
        "options": checkpoint.options,
    }
    tensors = {
        name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()
    }
    content = save(tensors, {"checkpoint": json.dumps(facts)})
    with replacing(path) as part:
        part.write_bytes(content)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        WeightsError: It is damaged or something else.
    """
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads(file.metadata()["checkpoint"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return Checkpoint(facts["step"], facts["minutes"], facts["options"], tensors)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is no checkpoint: remove it to begin anew") from error


def check_same_training(checkpoint: Checkpoint, options: TrainingOptions) -> None:
    """Refuse to go on with other options than a training was begun with.

    Raises:
        SettingsError: One differs that matters.
    """
    for name, value in asdict(options).items():
        begun = checkpoint.options.get(name)
        if name not in MAY_CHANGE and begun != value:
            raise SettingsError(
                f"this training was begun with {name} {begun}: "
                "go on with that or name another output folder"
            )


def optimizer_tensors(module: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimizer's state by the names of the parameters it belongs to."""
    state = optimizer.state
    return {
        f"{name}/{key}": value
        for name, parameter in module.named_parameters()
        for key, value in state.get(parameter, {}).items()
    }


def restore_optimizers(
    module: nn.Module, optimizers: Sequence[torch.optim.Optimizer], tensors: Mapping[str, Tensor]
) -> None:
    """Put back what `optimizer_tensors` gave, each optimizer its own parameters' state."""
    parameters = dict(module.named_parameters())
    owner = {p: o for o in optimizers for group in o.param_groups for p in group["params"]}
    for key, value in tensors.items():
        name, _, kind = key.rpartition("/")
        parameter = parameters[name]
        # Adam keeps its count of steps on the CPU, wherever the parameter is.
        target = "cpu" if kind == "step" else parameter.device
        owner[parameter].state[parameter][kind] = value.to(target)
