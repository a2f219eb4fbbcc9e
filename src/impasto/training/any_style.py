"""The steps by which the any-style network learns to paint, judged by VGG-19."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import SettingsError
from impasto.perception.devices import has_fast_bfloat16
from impasto.perception.pocket import Pocket
from impasto.perception.vgg import VGG19
from impasto.settings import CONTENT_LAYERS, STYLE_LAYERS
from impasto.training.checkpoints import (
    Checkpoint,
    check_same_training,
    optimizer_tensors,
    restore_optimizers,
)
from impasto.training.crops import Dice, crop, disturbed, load_folder
from impasto.training.distillation import held_out, load_teacher, training_device
from impasto.training.lessons import feature_error, gram_distance
from impasto.training.muon import Muon
from impasto.training.options import FastOptions
from impasto.training.painter import (
    CELL,
    Painter,
    PainterShape,
    Reader,
    descriptor,
    load_trained,
    matching,
    recolored,
    shape_of_parameters,
)
from impasto.weights import fetch, load_pocket

LAYERS = (*STYLE_LAYERS, *CONTENT_LAYERS)
_HEAD_PART, _ADAM_PART = 0.1, 0.1
"""Learning rates as parts of Muon's: of the head, whose every step is seen at once as dirt, since
nothing normalizes what it puts out; and of biases."""
_WARM_UP = 40


class AnyStyle(nn.Module):
    """Painter and reader together.

    Args:
        shape: Of the painter.
        seed: Of the initialization.
    """

    def __init__(self, shape: PainterShape, seed: int) -> None:
        super().__init__()
        trunk = {name: torch.from_numpy(a) for name, a in load_pocket(fetch("pocket")).items()}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.reader = Reader(Pocket(trunk), shape)
            self.painter = Painter(shape)

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        """Paint contents like styles, (N, 3, H, W) each."""
        matched = recolored(content, *matching(content, style))
        painted: Tensor = self.painter(matched, self.read(style))
        return painted

    def read(self, style: Tensor) -> Tensor:
        """Return a style's numbers: (N, M)."""
        numbers: Tensor = self.reader(style, self.painter.read(style))
        return numbers


class Painting:
    """The network, what judges it, and its optimizers, one step after the other.

    A batch is half as many photographs and half as many paintings, each photograph painted like
    two of them. The losses: relative Gram distance and relative content error in VGG-19 (as the
    optimizer's), smoothness where the photograph is flat, the same picture from a photograph that
    was shifted and disturbed by noise, and every picture painted like itself stays what it is.

    Args:
        options: Everything it depends on.
        teacher: VGG-19; one that is already read.
    """

    def __init__(self, options: FastOptions, teacher: VGG19 | None = None) -> None:
        self.options = options
        self.device = training_device(options.device)
        self.fast = has_fast_bfloat16(self.device)
        self.photos, self.held_photos = held_out(load_folder(Path(options.photos), self.device))
        paintings = load_folder(Path(options.paintings), self.device)
        self.paintings, self.held_paintings = held_out(paintings)
        self.teacher = teacher or load_teacher(options.teacher, self.device, self.fast)
        shape = PainterShape(near=options.near, far=options.far)
        self.network = AnyStyle(shape, options.seed).to(self.device)
        self._calibrate()
        self.muon, self.adam = _optimizers(self.network, options.rate)
        self.step, self.spent = 0, 0.0
        self.losses: Sequence[str] = ("style", "content", "flat", "shift", "identity")

    def begin(self) -> None:
        """Take over a trained file, if the options name one.

        Raises:
            SettingsError: It has other widths.
        """
        if not self.options.begin:
            return
        begun = load_trained(Path(self.options.begin))
        if shape_of_parameters(begun) != self.network.painter.shape:
            raise SettingsError("the file to begin with has other widths than asked for")
        self.network.load_state_dict(begun)

    def _calibrate(self) -> None:
        dice = Dice(2**32, 0, self.device)
        crops = [crop(self.paintings, self.options.crop, dice) for _ in range(64)]
        self.network.reader.calibrate(descriptor(self.network.reader.pocket, torch.cat(crops)))

    def advance(self) -> dict[str, Tensor]:
        """Take one step."""
        self._schedule()
        losses = self._losses(Dice(self.options.seed, self.step, self.device))
        o = self.options
        total = losses["style"] + o.content * losses["content"] + o.flat * losses["flat"]
        total = total + o.shift * losses["shift"] + o.identity * losses["identity"]
        self.network.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.muon.step()
        self.adam.step()
        self.step += 1
        return {name: value.detach() for name, value in losses.items()}

    def _schedule(self) -> None:
        part = self.step / self.options.steps
        share = min(1, (self.step + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * part))
        for optimizer in (self.muon, self.adam):
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * share

    def _losses(self, dice: Dice) -> dict[str, Tensor]:
        half, size = self.options.batch // 2, self.options.crop
        larger = torch.cat([crop(self.photos, size + CELL, dice) for _ in range(half)])
        styles = torch.cat([crop(self.paintings, size, dice) for _ in range(half)])
        if dice.chance(0.3):
            styles = disturbed(styles, dice)
        contents = larger[:, :, :size, :size]
        with torch.no_grad():
            wanted = self.teacher(torch.cat([contents, styles]), LAYERS)
        who = [*range(half), *range(half)]
        whose = [*range(half), *range(1, half), 0]
        read = self._read(styles)
        colors = matching(contents[who], styles[whose])
        matched = recolored(contents[who], *colors)
        painted = self._paint(matched, read[whose])
        style, content = self._judged(painted, wanted, who, [half + i for i in whose])
        shift = self._shifted(larger, [part[:half] for part in colors], read, painted[:half], dice)
        itself = self._paint(contents[:1], self._read(contents[:1]))
        return {
            "style": style.mean(),
            "content": content.mean(),
            "flat": _roughness(painted, matched),
            "shift": shift,
            "identity": (itself - contents[:1]).abs().mean(),
        }

    def _judged(
        self, painted: Tensor, wanted: dict[str, Tensor], who: list[int], whose: list[int]
    ) -> tuple[Tensor, Tensor]:
        """Return style and content loss of each picture.

        The style loss is the root of the optimizer's: among many styles a few that are far off
        would else be all that counts.
        """
        # What is outside of [0, 1] will be cut off; the gradient must not know.
        shown = painted + (painted.clamp(0, 1) - painted).detach()
        features = self.teacher(shown, LAYERS)
        apart = [gram_distance(features[n], wanted[n][whose]) for n in STYLE_LAYERS]
        style = (torch.stack(apart).mean(0) + 0.01).sqrt()
        layer = CONTENT_LAYERS[0]
        return style, feature_error(features[layer], wanted[layer][who])

    def _shifted(
        self,
        larger: Tensor,
        colors: Sequence[Tensor],
        read: Tensor,
        painted: Tensor,
        dice: Dice,
    ) -> Tensor:
        """Return how much else is painted where the photograph moves by a few pixels."""
        down, across = 1 + dice.below(CELL), 1 + dice.below(CELL)
        size = self.options.crop
        moved = larger[:1, :, down : down + size, across : across + size]
        moved = (moved + dice.normal(moved.shape) * dice.between(0, 0.02)).clamp(0, 1)
        again = self._paint(recolored(moved, *(part[:1] for part in colors)), read[:1])
        before, after = painted[:1, :, down:, across:], again[:, :, : size - down, : size - across]
        return (before - after).abs().mean()

    def _read(self, styles: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            own = self.network.painter.read(styles)
        numbers: Tensor = self.network.reader(styles, own.float())
        return numbers

    def _paint(self, matched: Tensor, numbers: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            painted: Tensor = self.network.painter(matched, numbers)
        return painted

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Return relative Gram distance and content error on pictures that were held out."""
        rounds, found = 6, {"style": 0.0, "content": 0.0}
        size = 2 * self.options.crop
        for number in range(rounds):
            dice = Dice(2**32 + 1 + number, 0, self.device)
            contents = torch.cat([crop(self.held_photos, size, dice) for _ in range(2)])
            styles = torch.cat([crop(self.held_paintings, size, dice) for _ in range(2)])
            wanted = self.teacher(torch.cat([contents, styles]), LAYERS)
            matched = recolored(contents, *matching(contents, styles))
            painted = self._paint(matched, self._read(styles)).clamp(0, 1)
            features = self.teacher(painted, LAYERS)
            apart = [gram_distance(features[n], wanted[n][2:]) for n in STYLE_LAYERS]
            layer = CONTENT_LAYERS[0]
            content = feature_error(features[layer], wanted[layer][:2])
            found["style"] += float(torch.stack(apart).mean()) / rounds
            found["content"] += float(content.mean()) / rounds
        return found

    def result(self) -> tuple[dict[str, Tensor], str]:
        """Return all parameters by name."""
        return dict(self.network.state_dict()), "painter"

    def checkpoint(self) -> Checkpoint:
        """Return the whole state."""
        tensors = {f"network.{name}": t for name, t in self.network.state_dict().items()}
        for optimizer in (self.muon, self.adam):
            for name, tensor in optimizer_tensors(self.network, optimizer).items():
                tensors[f"optimizer.{name}"] = tensor
        return Checkpoint(self.step, self.spent, asdict(self.options), tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            SettingsError: It is of a training with other options.
        """
        check_same_training(checkpoint, self.options)
        self.network.load_state_dict(checkpoint.part("network"))
        restore_optimizers(self.network, (self.muon, self.adam), checkpoint.part("optimizer"))
        self.step, self.spent = checkpoint.step, checkpoint.minutes


def _optimizers(network: AnyStyle, rate: float) -> tuple[Muon, torch.optim.Adam]:
    head = network.painter.head.weight
    kernels = [p for p in network.parameters() if p.dim() > 1 and p is not head]
    muon = Muon(kernels, rate)
    muon.add_param_group({"params": [head], "lr": rate * _HEAD_PART})
    small = [p for p in network.parameters() if p.dim() == 1]
    adam = torch.optim.Adam(small, rate * _ADAM_PART, (0.9, 0.99))
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return muon, adam


def _roughness(painted: Tensor, matched: Tensor) -> Tensor:
    """Return the mean difference of neighbors where the photograph is flat."""
    total = painted.new_zeros(())
    for dim in (2, 3):
        detail = matched.diff(dim=dim).abs().amax(1, keepdim=True)
        flat = (-F.max_pool2d(detail, 9, 1, 4) / 0.03).exp()
        total = total + (painted.diff(dim=dim).abs() * flat).mean()
    return total
