"""What all trainings have in common: modules, two optimizers, a count of steps, a checkpoint."""

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from impasto.errors import SettingsError, WeightsError
from impasto.files import replacing
from impasto.networks.devices import choose_device, has_fast_bfloat16
from impasto.networks.pocket import POCKET_LAYERS
from impasto.networks.vgg import VGG19
from impasto.training.options import OptionsT
from impasto.weights import fetch, load_vgg19

TeacherT = TypeVar("TeacherT", bound=VGG19)
TEACHER_LAYERS = tuple(POCKET_LAYERS)  # the layers of VGG-19 that trainings use
#: Options that may differ when a training is resumed.
_MAY_CHANGE = "begin photos painting paintings pairs teacher output device minutes"
PAINTING = "learned"  # the fact that is the hash of the painting that a network is fitted to
_LARGEST_GRADIENT = 5.0


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalized (Jordan et al. 2024, "Muon: an optimizer for hidden layers").

    A kernel (O, I, h, w) is taken as a matrix of O rows. Its momentum keeps its singular vectors,
    and all singular values become about 1: faint directions are learned as fast as strong ones.
    A kernel's norm is at most `cap` times a He-initialized one's: where the scale of features does
    not matter, kernels would grow without end.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.9, cap: float = math.inf
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "cap": cap})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step."""
        pairs = [(group, p) for group in self.param_groups for p in group["params"]]
        for group, parameter in pairs:
            gradient, momentum, cap = parameter.grad, group["momentum"], group["cap"]
            if gradient is None:
                continue
            average = self.state[parameter].setdefault("average", torch.zeros_like(parameter))
            average.lerp_(gradient, 1 - momentum)
            update = gradient.lerp(average, momentum).flatten(1)
            rows, columns = update.shape
            length = group["lr"] * max(1, rows / columns) ** 0.5
            parameter.sub_(length * orthogonalized(update).view_as(parameter))
            if cap < math.inf:
                parameter.mul_((cap * math.sqrt(2 * rows) / parameter.norm()).clamp(max=1))


def orthogonalized(matrix: Tensor) -> Tensor:
    """Return (R, C) with the same singular vectors and singular values of 0.7 to 1.2.

    Newton-Schulz iterations with the coefficients of Jordan et al. on the square of products alone.
    """
    turned = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.mT if turned else matrix
    x = x / (x.norm() + 1e-12)
    square = x @ x.mT
    factor = torch.eye(len(square), device=x.device)
    for _ in range(5):
        step = -4.7750 * square + 2.0315 * square @ square
        step.diagonal().add_(3.4445)
        factor, square = step @ factor, step @ square @ step
    x = factor @ x
    return x.mT if turned else x


class Trainer(ABC, Generic[OptionsT]):
    """Networks in training, one step after the other; `step` is how many were taken."""

    product: ClassVar[str]  # name of the file of what is trained
    architecture: ClassVar[str]  # what that file says it holds
    report_every: float = float("inf")  # steps between two reports, at most
    report_minutes: float = float("inf")
    modules: nn.Module  # all that is trained
    muon: Muon  # optimizes kernels
    adam: torch.optim.Adam  # optimizes the rest
    state: Mapping[str, Tensor]  # other tensors of a checkpoint, by name, restored in place

    def __init__(self, options: OptionsT) -> None:
        self.options = options
        # Devices other than these two lack the arithmetic.
        auto = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = choose_device(auto if options.device == "auto" else options.device)
        self.fast = has_fast_bfloat16(self.device)
        self.step = 0
        self._spent, self._started = 0.0, time.monotonic()

    @property
    def spent(self) -> float:
        """Minutes spent on the training, those before it was resumed included."""
        return self._spent + (time.monotonic() - self._started) / 60

    def load_teacher(self, kind: type[TeacherT]) -> TeacherT:
        """Read VGG-19 up to conv5_1; it is downloaded if the options name no file."""
        parameters = load_vgg19(self.options.teacher or fetch("vgg19"), deepest="conv5_1")
        precision = torch.bfloat16 if self.fast else torch.float32
        return kind(parameters, TEACHER_LAYERS, precision=precision).to(self.device)

    def start(self, checkpoint: Path) -> None:
        """Resume from a checkpoint if there is one, or begin; and start the clock."""
        if checkpoint.is_file():
            self.restore(checkpoint)
        else:
            self.begin()
        self._started = time.monotonic()

    def begin(self) -> None:
        """Take over the trained file that the options name, if they do."""

    @abstractmethod
    def advance(self) -> dict[str, Tensor]:
        """Take one step and return its losses by name: tensors (), so that no device is awaited."""

    @abstractmethod
    def measure(self) -> dict[str, float]:
        """Return errors on pictures that were held out."""

    @abstractmethod
    def result(self) -> dict[str, Tensor]:
        """Return what is trained, by name."""

    def report(self) -> None:
        """Write what else shows the state of the training into its folder."""

    def learned(self) -> Iterator[tuple[str, Tensor]]:
        """Return what is trained, by name."""
        return ((n, p) for n, p in self.modules.named_parameters() if p.requires_grad)

    def learn(self, total: Tensor) -> None:
        """Take a step down a loss."""
        parameters = [parameter for _, parameter in self.learned()]
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

    def facts(self) -> dict[str, Any]:
        """Return what the training depends on, as checkpoints keep it."""
        return asdict(self.options)

    def save(self, path: Path) -> None:
        """Write the whole state as one safetensors file."""
        tensors = {f"network.{name}": t for name, t in self.modules.state_dict().items()}
        for name, parameter in self.modules.named_parameters():
            for optimizer in (self.muon, self.adam):
                for key, value in optimizer.state.get(parameter, {}).items():
                    tensors[f"optimizer.{name}/{key}"] = value
        facts = {"step": self.step, "minutes": self.spent, "options": self.facts()}
        save_tensors({**tensors, **self.state}, path, {"checkpoint": json.dumps(facts)})

    def restore(self, path: Path) -> None:
        """Resume from a file that `save` wrote, if the options are those it was begun with."""
        try:
            with safe_open(path, "pt") as file:
                facts = json.loads(file.metadata()["checkpoint"])
                # Copies: aligned like torch's own, on which the order of sums depends; and not
                # mapped, so that the file may be replaced.
                names = file.keys()
                tensors = {name: file.get_tensor(name).clone() for name in names}
            step, spent, begun = facts["step"], facts["minutes"], dict(facts["options"])
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{path} is not a checkpoint: remove it to start again") from error
        for name, value in self.facts().items():
            if name not in _MAY_CHANGE.split() and begun.get(name) != value:
                other = "another painting" if name == PAINTING else f"{name} {begun.get(name)}"
                raise SettingsError(
                    f"this training was begun with {other}: use that or another output folder"
                )
        try:
            self.modules.load_state_dict(_part(tensors, "network."))
            for name, tensor in self.state.items():
                tensor.copy_(tensors[name])
        except (RuntimeError, KeyError) as error:
            raise WeightsError(f"{path} is of an earlier version: remove it") from error
        self.step, self._spent = step, spent
        parameters = dict(self.modules.named_parameters())
        kernels = {p for group in self.muon.param_groups for p in group["params"]}
        for key, value in _part(tensors, "optimizer.").items():
            name, _, kind = key.rpartition("/")
            parameter = parameters[name]
            optimizer = self.muon if parameter in kernels else self.adam
            # Adam keeps its count of steps on the CPU, wherever the parameter is.
            target = "cpu" if kind == "step" else parameter.device
            optimizer.state[parameter][kind] = value.to(target)


def save_tensors(tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write a safetensors file, whole or not at all."""
    content = save({n: t.detach().cpu().contiguous() for n, t in tensors.items()}, metadata)
    with replacing(path) as part:
        part.write_bytes(content)


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
